import type { PeerCertificate } from "node:tls";
import { abortError } from "../grpc/without-stack.js";
import { fieldName } from "../grpc/field-names.js";
import { isPaddedValue, isValidName, isValidValue } from "../hpack/field-rules.js";
import { HeaderFields } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { checkLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import { Http2Stream } from "../http2/stream.js";
import type { CallHost } from "./call-host.js";
import { reportHandlerFault } from "./handler-fault.js";
import type { HttpStream } from "./http-handler.js";
import { RequestBody } from "./request-body.js";
import { checkTrailers, type RequestHead } from "./request-head.js";
import { isTooMuchUnsent } from "./unsent-bytes.js";

const NO_FIELDS = new HeaderFields([]);

/** The stream of a request that is not gRPC, which an {@link HttpHandler} answers. */
export class ServerHttpStream extends Http2Stream implements HttpStream {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly fields: readonly string[];
  readonly hasBody: boolean;
  readonly body: RequestBody;
  readonly #head: RequestHead;
  readonly #host: CallHost;
  /** The number of bytes of DATA that have come. */
  #received = 0;
  /** True if the whole answer was given. */
  #isAnswered = false;
  /** True if the stream has ended before that. */
  #isGone = false;
  #onGone: (() => void)[] = [];
  /** Resolves when the client has taken what waits of the answer. */
  #taking: { readonly promise: Promise<void>; resolve(): void } | undefined;
  /** True while the handler's promise is not settled, and true if the stream has ended meanwhile. */
  #isRunning = false;
  #isAbandoned = false;

  /** @param list The request's header, which is not malformed. */
  constructor(list: HeaderList, head: RequestHead, host: CallHost, hasBody: boolean) {
    super();
    this.#head = head;
    this.#host = host;
    const { fields } = list;
    let first = 0;
    const pseudo = new Map<string, string>();
    for (; fields[first]?.startsWith(":") === true; first += 2)
      pseudo.set(fields[first]!, fields[first + 1]!);
    this.fields = fields.slice(first);
    this.method = pseudo.get(":method")!;
    this.path = pseudo.get(":path")!;
    this.authority = head.authority;
    this.hasBody = hasBody;
    this.body = new RequestBody((bytes) => host.consume(this, bytes));
    if (!hasBody) this.body.end();
  }

  get peer(): string {
    return this.#host.peer;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#host.peerCertificate;
  }

  /** Hands the request to its handler. The stream must be open. */
  start(handle: (stream: HttpStream) => Promise<void> | void): void {
    const scope = this.#host.openScope();
    try {
      const running = scope === undefined ? handle(this) : scope.run(() => handle(this));
      if (running === undefined) return;
      this.#isRunning = true;
      void running
        .catch((error: unknown) => this.#onFault(error))
        .finally(() => {
          this.#isRunning = false;
          if (this.#isAbandoned) this.#host.abandoned--;
        });
    } catch (error) {
      this.#onFault(error);
    }
  }

  onGone(listener: () => void): void {
    if (!this.closed) this.#onGone.push(listener);
    else if (!this.#isAnswered) listener();
  }

  respond(status: number, fields: readonly string[], body?: string | Uint8Array): Promise<void> | undefined {
    const bytes = this.method === "HEAD" ? undefined : bytesOf(body);
    this.#sendHead(status, fields, bytes === undefined);
    return this.#finish(bytes);
  }

  begin(status: number, fields: readonly string[]): void {
    this.#sendHead(status, fields, false);
  }

  write(part: string | Uint8Array): Promise<void> | undefined {
    const bytes = bytesOf(part);
    if (this.closed || this.localEnded || bytes === undefined || this.method === "HEAD") return undefined;
    this.#host.sender.data(this, bytes, false);
    this.#checkUnsent();
    return this.#taken();
  }

  end(): Promise<void> | undefined {
    return this.#finish(new Uint8Array());
  }

  reset(): void {
    this.#end(ErrorCode.CANCEL);
  }

  /** The stream is over. */
  onClosed(): void {
    this.#isGone = !this.#isAnswered;
    if (this.#isGone && this.#isRunning) {
      this.#isAbandoned = true;
      this.#host.abandoned++;
    }
    // Of a connection that has ended, a few streams are told in each turn of the event loop.
    if (this.#host.end === undefined) this.onAborted();
  }

  onHeaders(trailers: HeaderList, endStream: boolean): void {
    if (!endStream) throw new StreamError(ErrorCode.PROTOCOL_ERROR, "HEADERS inside a request");
    checkTrailers(trailers);
    checkLength(this.#head, this.#received, true);
    this.body.end();
  }

  onData(buffer: Buffer, start: number, end: number, endStream: boolean): void {
    this.#received += end - start;
    checkLength(this.#head, this.#received, endStream);
    this.body.push(buffer.subarray(start, end));
    if (endStream) this.body.end();
  }

  onDrained(): void {
    this.#onTaken();
  }

  onFull(): void {
    this.#end(ErrorCode.ENHANCE_YOUR_CALM);
  }

  /** Tells who waits for the stream that it is over. */
  onAborted(): void {
    this.#onTaken();
    if (!this.body.hasEnded) this.body.fail(abortError("The client ended the request"));
    if (this.#isGone) for (const listener of this.#onGone.splice(0)) listener();
  }

  onRoomForMessage(): void {}
  onLessCredit(): void {}

  #sendHead(status: number, fields: readonly string[], endStream: boolean): void {
    checkFields(fields);
    if (endStream) this.#isAnswered = true;
    if (this.closed) return;
    const head = [":status", String(status), ...fields, "date", httpDate()];
    this.#host.sender.headers(this, NO_FIELDS, head, endStream);
  }

  /** Sends the rest of the answer, if its end has not gone out. */
  #finish(bytes: Uint8Array | undefined): Promise<void> | undefined {
    this.#isAnswered = true;
    // What comes of the request is of no use any more.
    void this.body.return();
    if (bytes !== undefined && !this.closed && !this.localEnded) this.#host.sender.data(this, bytes, true);
    this.#checkUnsent();
    return this.#taken();
  }

  /** Ends the stream if too much waits to be sent, as a call ends then. */
  #checkUnsent(): void {
    if (isTooMuchUnsent(this, this.#host)) this.#end(ErrorCode.ENHANCE_YOUR_CALM);
  }

  /** Resolves when what waits has gone out. */
  #taken(): Promise<void> | undefined {
    if (this.pending === undefined) return undefined;
    if (this.#taking === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((onTaken) => (resolve = onTaken));
      this.#taking = { promise, resolve };
    }
    return this.#taking.promise;
  }

  #onTaken(): void {
    this.#taking?.resolve();
    this.#taking = undefined;
  }

  #end(code: ErrorCode): void {
    this.#host.resetStream(this, code);
  }

  #onFault(error: unknown): void {
    reportHandlerFault(error);
    this.#end(ErrorCode.INTERNAL_ERROR);
  }
}

let date = "";
let dateUntil = -Infinity;

/** The time, as a server with a clock must send it (RFC 9110, section 6.6.1). Its text is made once a second. */
function httpDate(): string {
  const now = Date.now();
  if (now >= dateUntil || now < dateUntil - 1000) {
    date = new Date(now).toUTCString();
    dateUntil = now - (now % 1000) + 1000;
  }
  return date;
}

function bytesOf(part: string | Uint8Array | undefined): Uint8Array | undefined {
  const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : part;
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

/** @throws {TypeError} for a field that HTTP/2 does not allow (RFC 9113, sections 8.2.1 and 8.2.2). */
function checkFields(fields: readonly string[]): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1] ?? "";
    if (!isValidName(name) || name.startsWith(":") || fieldName(name).isForbidden)
      throw new TypeError(`the header field ${JSON.stringify(name)} is not allowed over HTTP/2`);
    // The value may be a secret: it is not shown.
    if (!isValidValue(value) || isPaddedValue(value))
      throw new TypeError(`the header field ${name} has a value that is not allowed`);
  }
}
