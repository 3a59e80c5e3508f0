import type { ServerError } from "nice-grpc-common";
import type { ChosenCoding } from "../compression/accept-encoding.js";
import { codings } from "../compression/codings.js";
import { decompress } from "../compression/request-body.js";
import { isRead } from "../conditional/preconditions.js";
import { httpStatusOf } from "../errors/http-status.js";
import type { Exchange } from "../http/exchange.js";
import { textsOf } from "../http/metadata.js";
import { commonHeaders, type Answered } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { Carrier } from "./carrier.js";
import { connectError } from "./connect-error.js";
import { ACCEPTED_CODINGS, encodingOf } from "./encoding.js";
import type { MessageBody } from "./message-format.js";
import type { RpcMethod } from "./rpc-methods.js";

/** A request as it comes, in a body or in a query. */
export interface ConnectRequest {
  timeoutMs(): number | undefined;
  /** @throws {EdgeError} */
  request(): Promise<{ readonly encoding: string | undefined; readonly bytes: Uint8Array }>;
}

/** A call of Connect with one request and one response: the bare message is the body, and an error has an HTTP status. */
export class ConnectUnaryCarrier implements Carrier {
  readonly protocol = "connect";
  readonly #exchange: Exchange;
  readonly #rpc: RpcMethod;
  readonly #body: MessageBody;
  readonly #settings: EdgeSettings;
  readonly #request: ConnectRequest;
  #response: Uint8Array = NO_BYTES;
  /** The coding that the client asks for. */
  #chosen: ChosenCoding | undefined;

  constructor(
    exchange: Exchange,
    rpc: RpcMethod,
    body: MessageBody,
    settings: EdgeSettings,
    request: ConnectRequest,
  ) {
    this.#exchange = exchange;
    this.#rpc = rpc;
    this.#body = body;
    this.#settings = settings;
    this.#request = request;
  }

  timeoutMs(): number | undefined {
    return this.#request.timeoutMs();
  }

  async read(): Promise<unknown> {
    const { compression, body } = this.#settings;
    this.#chosen = compression.codingFor(this.#exchange, this.#body.contentType);
    const { encoding, bytes } = await this.#request.request();
    const coding = encodingOf(encoding);
    const message = coding === undefined ? bytes : await decompress(coding, bytes, body, "its encoding");
    return this.#body.format.decode(message);
  }

  encode(message: unknown): Uint8Array {
    return this.#body.format.encode(message);
  }

  /** The trailers are header fields: the head goes out with the end. */
  begin(): void {}

  send(message: Uint8Array): undefined {
    this.#response = message;
    return undefined;
  }

  async end(call: Answered | undefined, error: ServerError | undefined): Promise<void> {
    const headers = this.#headers(call);
    if (error !== undefined) {
      const json = JSON.stringify(connectError(error, call?.trailer, this.#rpc.service));
      headers.push("content-type", "application/json", "content-length", String(Buffer.byteLength(json)));
      this.#exchange.respond({ status: httpStatusOf(error.code), headers }, json);
      return;
    }
    const { contentType: type } = this.#body;
    const coding = this.#settings.compression.codingOf({ type, body: this.#response }, this.#chosen);
    const body = coding === undefined ? this.#response : await codings[coding].compress(this.#response);
    if (coding !== undefined) headers.push("content-encoding", coding);
    headers.push("content-type", type, "content-length", String(body.length));
    this.#exchange.respond({ status: 200, headers }, body);
  }

  #headers(call: Answered | undefined): string[] {
    const headers = commonHeaders(this.#exchange, this.#settings);
    headers.push("accept-encoding", ACCEPTED_CODINGS);
    if (isRead(this.#exchange)) this.#settings.compression.addVary(headers);
    if (call === undefined) return headers;
    const { responseMetadata } = this.#settings;
    for (const [name, values] of textsOf(call.header, responseMetadata))
      headers.push(name, values.join(", "));
    for (const [name, values] of textsOf(call.trailer, responseMetadata))
      headers.push(`trailer-${name}`, values.join(", "));
    return headers;
  }
}

const NO_BYTES = new Uint8Array(0);
