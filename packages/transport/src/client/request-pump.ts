import { setImmediate as nextTurn } from "node:timers/promises";
import type { Encoding } from "../grpc/compression.js";
import type { ClientCall } from "./client-call.js";

/** How many messages are sent before others have their turn: a source that never waits would hold the event loop. */
const MESSAGES_PER_TURN = 4096;

/** Sends the messages of a request that is a stream, each when there is room for it. */
export class RequestPump {
  readonly #call: ClientCall;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #encoding: Encoding;
  #stopped = false;
  #ended = false;
  #goOn: (() => void) | undefined;

  constructor(call: ClientCall, source: AsyncIterable<unknown>, encoding: Encoding) {
    this.#call = call;
    this.#iterator = source[Symbol.asyncIterator]();
    this.#encoding = encoding;
  }

  async run(): Promise<void> {
    const call = this.#call;
    try {
      for (let sent = 1; ; sent++) {
        // oxlint-disable-next-line no-await-in-loop
        const { done, value } = await this.#iterator.next();
        if (this.#stopped) return;
        if (done === true) break;
        if (this.#encoding === "identity") call.send(value, false);
        // oxlint-disable-next-line no-await-in-loop
        else await call.sendCompressed(value, false);
        if (!this.#stopped && call.pending !== undefined) {
          // oxlint-disable-next-line no-await-in-loop
          await new Promise<void>((resolve) => {
            this.#goOn = resolve;
          });
          // oxlint-disable-next-line no-await-in-loop
        } else if (sent % MESSAGES_PER_TURN === 0) await nextTurn();
        if (this.#stopped) return;
      }
      this.#ended = true;
      call.sendEnd();
    } catch (error) {
      this.#ended = true;
      // An error of the source: the caller gets it as it is.
      call.cancel(error);
    }
  }

  /** There is room again. */
  onDrained(): void {
    this.#goOn?.();
    this.#goOn = undefined;
  }

  /** Sends no more, and tells the source, which may be waiting for its next message. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.onDrained();
    // What the source makes of it concerns nobody: the call is over.
    if (!this.#ended) void (async () => this.#iterator.return?.())().catch(() => {});
  }
}
