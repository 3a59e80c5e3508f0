import type { WebSocket } from "ws";
import { brokenOff, tooSlow } from "../http/body-errors.js";
import type { Hold } from "../http/held-bytes.js";
import { TimeLimit } from "../internal/time-limit.js";
import type { Frame } from "./frames.js";

/** RFC 6455, section 7.4.1: what a client may not do. */
const PROTOCOL_ERROR = 1002;

/**
 * The requests of a socket. It is not read while one waits for the handler: the client waits then, and what is kept is no more than
 * the system gives at once.
 */
export class SocketRequests {
  readonly #socket: WebSocket;
  readonly #hold: Hold;
  readonly #waiting: Frame[] = [];
  #wake: (() => void) | undefined;
  /** True after the frame that ends the requests, or if no more are taken. */
  #isEnded = false;
  /** True if the client went before that. */
  #isBroken = false;

  /** @param hold Counts those that wait. */
  constructor(socket: WebSocket, hold: Hold) {
    this.#socket = socket;
    this.#hold = hold;
    // One piece, by the server's `binaryType`.
    socket.on("message", (data, isBinary) => this.#onMessage({ data: data as Buffer, isBinary }));
    socket.on("close", () => {
      this.#isBroken = !this.#isEnded;
      this.end();
    });
  }

  #onMessage(frame: Frame): void {
    const isEnd = !frame.isBinary && isBlank(frame.data);
    if (this.#isEnded) {
      if (!isEnd) this.#socket.close(PROTOCOL_ERROR, "no more messages are taken");
      return;
    }
    if (isEnd) this.#isEnded = true;
    else {
      this.#waiting.push(frame);
      this.#hold.set(this.#hold.bytes + frame.data.length);
      this.#socket.pause();
    }
    this.#wake?.();
  }

  /** Takes no more, and is read to hear of the client's end. */
  end(): void {
    this.#isEnded = true;
    this.#waiting.splice(0);
    this.#hold.set(0);
    this.#socket.resume();
    this.#wake?.();
  }

  /** The next one; undefined after the last. @throws {EdgeError} if the client has gone instead. */
  async #next(): Promise<Frame | undefined> {
    while (this.#waiting.length === 0 && !this.#isEnded) {
      this.#socket.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#isBroken) throw brokenOff();
    const frame = this.#waiting.shift();
    if (frame !== undefined) this.#hold.set(this.#hold.bytes - frame.data.length);
    if (this.#waiting.length === 0) this.#socket.resume();
    return frame;
  }

  /** All of them, as they come. */
  async *all(): AsyncGenerator<Frame, void, undefined> {
    for (;;) {
      const frame = await this.#next();
      if (frame === undefined) return;
      yield frame;
    }
  }

  /**
   * The only one; undefined if the client ends without any.
   *
   * @throws {EdgeError} if it does not come in time, or the client has gone.
   */
  async one(timeoutMs: number): Promise<Frame | undefined> {
    let isLate = false;
    const limit = new TimeLimit(timeoutMs, () => {
      isLate = true;
      this.end();
    });
    try {
      const frame = await this.#next();
      if (isLate && frame === undefined) throw tooSlow(timeoutMs);
      return frame;
    } finally {
      limit.clear();
      this.end();
    }
  }
}

/** True for an empty text, and for a space. */
function isBlank(text: Uint8Array): boolean {
  return text.length === 0 || (text.length === 1 && text[0] === 0x20);
}
