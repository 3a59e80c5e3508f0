import type { Metadata, ServerError } from "nice-grpc-common";
import { codings, type Coding } from "../compression/codings.js";
import { decompress } from "../compression/request-body.js";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange, ResponseWriter } from "../http/exchange.js";
import { textsOf } from "../http/metadata.js";
import { nextPart } from "../http/next-part.js";
import { nextTurn } from "../internal/next-turn.js";
import { commonHeaders, type Answered } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import { base64Length, Base64Reader } from "./base64-text.js";
import type { Carrier } from "./carrier.js";
import { ACCEPTED_CODINGS, encodingOf } from "./encoding.js";
import { COMPRESSED, envelope, EnvelopeReader, PREFIX_LENGTH, type Envelope } from "./envelopes.js";
import type { MessageBody } from "./message-format.js";
import type { RpcProtocol } from "./protocols.js";
import type { RpcMethod } from "./rpc-methods.js";

/** The differences between protocols whose bodies are envelopes. */
export interface EnvelopeDialect {
  readonly protocol: RpcProtocol;
  /** The field that names the coding of compressed messages. */
  readonly encodingField: string;
  /** The field that lists the codings that are taken. */
  readonly acceptField: string;
  /** The flag of the last envelope of an answer. */
  readonly lastFlag: number;
  timeoutMs(exchange: Exchange): number | undefined;
  /** @throws {EdgeError} for a request that is of another version. */
  check?(exchange: Exchange): void;
  /** The content of the last envelope: how the call ended, and its trailers. */
  last(end: CallEnd): Uint8Array;
  /** The header fields that say all of a call that never began; undefined if an envelope must. */
  refusal?(end: CallEnd): string[];
}

/** How a call ended. */
export interface CallEnd {
  readonly error: ServerError | undefined;
  /** Undefined if the call never began. */
  readonly trailer: Metadata | undefined;
  /** The full name of the service. */
  readonly service: string;
  /** The metadata of responses that options name. */
  readonly names: readonly string[];
}

/** How the body of an exchange is written. */
export interface EnvelopeBody extends MessageBody {
  /** True for base64. */
  readonly isText: boolean;
}

/** A call whose request and answer are envelopes: of gRPC-Web, and of Connect's streams. */
export class EnvelopedCarrier implements Carrier {
  readonly protocol: RpcProtocol;
  readonly #exchange: Exchange;
  readonly #rpc: RpcMethod;
  readonly #dialect: EnvelopeDialect;
  readonly #body: EnvelopeBody;
  readonly #settings: EdgeSettings;
  /** The coding of responses; undefined if they go out as they are. */
  readonly #coding: Coding | undefined;
  /** The only response of a call that has one: it goes out with the end. */
  #held: Buffer | undefined;
  #writer: ResponseWriter | undefined;

  constructor(
    exchange: Exchange,
    rpc: RpcMethod,
    dialect: EnvelopeDialect,
    body: EnvelopeBody,
    settings: EdgeSettings,
  ) {
    this.protocol = dialect.protocol;
    this.#exchange = exchange;
    this.#rpc = rpc;
    this.#dialect = dialect;
    this.#body = body;
    this.#settings = settings;
    this.#coding = settings.compression.codingOfMessages(exchange, dialect.acceptField);
  }

  timeoutMs(): number | undefined {
    return this.#dialect.timeoutMs(this.#exchange);
  }

  read(): unknown {
    this.#dialect.check?.(this.#exchange);
    const coding = encodingOf(this.#exchange.header(this.#dialect.encodingField));
    return this.#rpc.method.descriptor.requestStream ? this.#messages(coding) : this.#message(coding);
  }

  encode(message: unknown): Uint8Array {
    return this.#body.format.encode(message);
  }

  begin(call: Answered): void {
    if (this.#rpc.method.descriptor.responseStream) this.#begun(call);
  }

  send(message: Uint8Array, call: Answered): Promise<void> | undefined {
    const coding = this.#coding;
    if (coding === undefined || !this.#settings.compression.isWorthwhile(message))
      return this.#send(envelope(0, message), call);
    const compressed = codings[coding].compress(message);
    return compressed.then((bytes) => this.#send(envelope(COMPRESSED, bytes), call));
  }

  async end(call: Answered | undefined, error: ServerError | undefined): Promise<void> {
    const { service } = this.#rpc;
    const end = { error, trailer: call?.trailer, service, names: this.#settings.responseMetadata };
    const refusal = call === undefined ? this.#dialect.refusal?.(end) : undefined;
    if (refusal !== undefined) {
      this.#respond([...this.#headers(call), ...refusal], NO_BYTES);
      return;
    }
    const last = envelope(this.#dialect.lastFlag, this.#dialect.last(end));
    if (this.#writer === undefined)
      this.#respond(this.#headers(call), this.#held === undefined ? last : Buffer.concat([this.#held, last]));
    else {
      await this.#writer.write(this.#written(last));
      this.#writer.end();
    }
  }

  async #message(coding: Coding | undefined): Promise<unknown> {
    const limits = this.#settings.body;
    const most = PREFIX_LENGTH + limits.maxBytes;
    const { isText } = this.#body;
    const body = await this.#exchange.readBody({ ...limits, maxBytes: isText ? base64Length(most) : most });
    const base64 = isText ? new Base64Reader() : undefined;
    const reader = new EnvelopeReader(limits.maxBytes);
    const [first, second] = reader.read(base64?.read(body) ?? body);
    base64?.end();
    reader.end();
    if (first === undefined || second !== undefined)
      throw new EdgeError("NOT_ONE_MESSAGE", "the method takes one request message, no more and no less");
    return this.#decode(first, coding);
  }

  async *#messages(coding: Coding | undefined): AsyncGenerator<unknown, void, undefined> {
    const limits = this.#settings.body;
    const parts = this.#exchange.readChunks();
    const base64 = this.#body.isText ? new Base64Reader() : undefined;
    const reader = new EnvelopeReader(limits.maxBytes);
    try {
      for (;;) {
        const next = await nextPart(parts, reader.held || Number(base64?.isInside === true), limits);
        if (next.done === true) break;
        const bytes = base64?.read(next.value) ?? next.value;
        for (const each of reader.read(bytes)) {
          yield this.#decode(each, coding);
          const turn = nextTurn();
          if (turn !== undefined) await turn;
        }
      }
      base64?.end();
      reader.end();
    } finally {
      // Its end is no concern of whoever leaves.
      parts.return?.().catch(() => {});
    }
  }

  /** A promise of the message, if it is compressed: most are not, and a body may have a million. */
  #decode({ flags, data }: Envelope, coding: Coding | undefined): unknown {
    const { format } = this.#body;
    if (flags === 0) return format.decode(data);
    if (flags !== COMPRESSED) throw this.#wrongFlags(flags);
    const { encodingField } = this.#dialect;
    if (coding === undefined)
      throw new EdgeError("ENCODING_MISSING", `a message is compressed, and ${encodingField} says not how`);
    return decompress(coding, data, this.#settings.body, encodingField).then(format.decode);
  }

  #wrongFlags(flags: number): EdgeError {
    const isLast = (flags & this.#dialect.lastFlag) !== 0;
    const what = isLast ? "trailers, which a client does not send" : `unknown flags, ${flags}`;
    return new EdgeError("BAD_ENVELOPE", `a message with ${what}`);
  }

  #headers(call: Answered | undefined): string[] {
    const { acceptField, encodingField } = this.#dialect;
    const headers = commonHeaders(this.#exchange, this.#settings);
    if (call !== undefined) {
      for (const [name, values] of textsOf(call.header, this.#settings.responseMetadata))
        headers.push(name, values.join(", "));
    }
    headers.push("content-type", this.#body.contentType, acceptField, ACCEPTED_CODINGS);
    if (this.#coding !== undefined) headers.push(encodingField, this.#coding);
    return headers;
  }

  #begun(call: Answered): ResponseWriter {
    return (this.#writer ??= this.#exchange.begin({ status: 200, headers: this.#headers(call) }));
  }

  #send(bytes: Buffer, call: Answered): Promise<void> | undefined {
    if (this.#rpc.method.descriptor.responseStream) return this.#begun(call).write(this.#written(bytes));
    this.#held = bytes;
    return undefined;
  }

  #respond(headers: string[], bytes: Buffer): void {
    const body = this.#written(bytes);
    headers.push("content-length", String(body.length));
    this.#exchange.respond({ status: 200, headers }, body);
  }

  #written(bytes: Buffer): string | Buffer {
    return this.#body.isText ? bytes.toString("base64") : bytes;
  }
}

const NO_BYTES = Buffer.alloc(0);
