import type { Exchange, ResponseHead, ResponseWriter } from "./exchange.js";
import { brokenOff } from "./body-errors.js";
import type { BodyLimits } from "./held-bytes.js";
import { readWhole } from "./read-whole.js";
import { SharedPart, type Part } from "./shared-part.js";

/** More of a request than a Request has. */
export interface FetchInfo {
  /** The client's address, as handlers and the log see it. Default: `unknown`. */
  readonly peer?: string;
}

/** An exchange of a Request and a Response. */
export class FetchExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly peer: string;
  /** Who answers by TLS keeps it. */
  readonly peerCertificate = undefined;
  readonly response: Promise<Response>;
  readonly #request: Request;
  #resolve!: (response: Response) => void;
  #isOver = false;
  readonly #listeners: (() => void)[] = [];

  constructor(request: Request, { peer = "unknown" }: FetchInfo = {}) {
    this.#request = request;
    const { pathname, search, host } = new URL(request.url);
    this.method = request.method;
    this.target = pathname + search;
    this.authority = request.headers.get("host") ?? host;
    this.peer = peer;
    this.response = new Promise((resolve) => (this.#resolve = resolve));
    const { signal } = request;
    if (signal.aborted) this.#gone();
    else signal.addEventListener("abort", () => this.#gone(), { once: true });
  }

  get headerBytes(): number {
    let bytes = 0;
    for (const [name, value] of this.#request.headers) bytes += name.length + value.length + 4;
    return bytes;
  }

  get hasBody(): boolean {
    return this.#request.body !== null && this.#request.headers.get("content-length") !== "0";
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  fields(): Iterable<readonly [name: string, value: string]> {
    return this.#request.headers;
  }

  onGone(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.#request.signal.aborted) listener();
  }

  readBody(limits: BodyLimits): Promise<Uint8Array> {
    return readWhole(this.readChunks(), limits);
  }

  async *readChunks(): AsyncIterableIterator<Uint8Array> {
    const reader = this.#request.body?.getReader();
    if (reader === undefined) return;
    let isGone = false;
    // The body may be of another source than the client, and go on without it, or wait for ever.
    this.onGone(() => {
      isGone = true;
      reader.cancel().catch(() => {});
    });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (isGone) throw brokenOff();
        if (done) return;
        yield value as Uint8Array;
      }
    } catch {
      throw brokenOff();
    } finally {
      reader.releaseLock();
    }
  }

  respond(head: ResponseHead, body: string | Uint8Array | undefined): void {
    this.#isOver = true;
    const hasNone = body === undefined || this.method === "HEAD";
    this.#resolve(new Response(hasNone ? null : (body as string | Uint8Array<ArrayBuffer>), init(head)));
  }

  begin(head: ResponseHead): ResponseWriter {
    let wake: (() => void) | undefined;
    let isCancelled = false;
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      pull: () => wake?.(),
      cancel: () => {
        isCancelled = true;
        this.#gone();
      },
    });
    this.#resolve(new Response(stream, init(head)));
    this.onGone(() => {
      wake?.();
      // Whoever reads on must not wait, and who aborted knows that it is not whole: servers would log an error for each client that
      // leaves a watch. Nothing is left to close if it was the reader who left.
      if (!isCancelled) controller.close();
    });
    return {
      write: (part) => {
        if (this.#isOver) return undefined;
        controller.enqueue(bytesOf(part));
        if ((controller.desiredSize ?? 1) > 0) return undefined;
        return new Promise((resolve) => (wake = resolve));
      },
      end: () => {
        if (!this.#isOver) controller.close();
        this.#isOver = true;
      },
      breakOff: () => {
        if (!this.#isOver) controller.error(new Error("the answer was broken off"));
        this.#isOver = true;
      },
    };
  }

  #gone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const listener of this.#listeners.splice(0)) listener();
    // Nobody reads it, but whoever serves the edge waits for one.
    this.#resolve(new Response(null, { status: GONE }));
  }
}

/** The status by which the log of nginx names a client that went before its answer. */
const GONE = 499;

const encoder = new TextEncoder();

function bytesOf(part: Part): Uint8Array {
  // Whoever reads the stream may change its bytes, or take their memory.
  if (part instanceof SharedPart) return new Uint8Array(part.bytes);
  return typeof part === "string" ? encoder.encode(part) : part;
}

function init({ status, headers }: ResponseHead): ResponseInit {
  const fields: [string, string][] = [];
  for (let i = 0; i < headers.length; i += 2) fields.push([headers[i]!, headers[i + 1]!]);
  return { status, headers: fields };
}
