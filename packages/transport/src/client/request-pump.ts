import { setImmediate as nextTurn } from "node:timers/promises";
import { isAsyncIterable, requestIteratorOf } from "../grpc/iterator-of.js";
import type { StallWatch } from "./stall-watch.js";

/** The number of messages that are sent before others have their turn: a source that never waits would hold the event loop. */
const MESSAGES_PER_TURN = 4096;
/** The time that messages are sent before others have their turn, in milliseconds; looked at every {@link CLOCK_MESSAGES}. */
const MAX_TURN_MS = 5;
const CLOCK_MESSAGES = 64;

/** Takes the messages of a request that is a stream. */
export interface RequestSink {
  /** True if what was sent waits for the server, or the connection, to take it. */
  readonly isBlocked: boolean;
  /** Sends one message; returns a promise if the next must wait for it. */
  sendRequest(message: unknown, last: boolean): Promise<void> | undefined;
  /** Ends the request. */
  sendEnd(): void;
  /** The source has thrown. */
  cancel(error: unknown): void;
}

/** The messages of a request that is a stream. Those that are there at once are sent without waiting for each other. */
export type RequestSource = AsyncIterable<unknown> | Iterable<unknown>;

/** True if a request is what a method takes: a {@link RequestSource} or one message, which may well be iterable itself. */
export function isRightRequest(request: unknown, requestStream: boolean): boolean {
  const isObject = typeof request === "object" && request !== null;
  const isAsync = isObject && Symbol.asyncIterator in request;
  return requestStream ? isAsync || (isObject && Symbol.iterator in request) : !isAsync;
}

/** Sends the messages of a request that is a stream, each when there is room for it. */
export class RequestPump {
  /** Since when the server must take something, by the clock of `performance.now()`; Infinity while the source is awaited. */
  owedSince = Infinity;
  readonly #sink: RequestSink;
  readonly #stallWatch: StallWatch | undefined;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #stopped = false;
  #ended = false;
  #goOn: (() => void) | undefined;

  /** @param stallWatch Stopped with the pump. */
  constructor(sink: RequestSink, stallWatch: StallWatch | undefined) {
    this.#sink = sink;
    this.#stallWatch = stallWatch;
  }

  /** True if all messages were sent. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Sends all messages. The source runs in the async context in which this is called. */
  async run(source: RequestSource): Promise<void> {
    try {
      this.#iterator = requestIteratorOf(source);
      await this.#sendAll(this.#iterator, isAsyncIterable(source));
      if (this.#stopped) return;
      this.#ended = true;
      this.owedSince = performance.now();
      this.#sink.sendEnd();
    } catch (error) {
      this.#ended = true;
      // An error of the source: the caller gets it as it is.
      this.#sink.cancel(error);
    }
  }

  /** There is room again. */
  onDrained(): void {
    this.owedSince = Infinity;
    this.#goOn?.();
    this.#goOn = undefined;
  }

  /** Sends no more, and tells the source, which may be waiting for its next message. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stallWatch?.stop();
    this.onDrained();
    if (!this.#ended) this.#endSource();
  }

  async #sendAll(iterator: AsyncIterator<unknown> | Iterator<unknown>, isAsync: boolean): Promise<void> {
    const sink = this.#sink;
    let turnBegan = performance.now();
    for (let sent = 1; ; sent++) {
      const coming = iterator.next();
      // oxlint-disable-next-line no-await-in-loop
      const result = isAsync ? await coming : (coming as IteratorResult<unknown>);
      if (this.#stopped) {
        // A generator cannot be ended while it runs, and it may have ended the call itself.
        if (!isAsync) this.#endSource();
        return;
      }
      if (result.done === true) return;
      const sending = sink.sendRequest(result.value, false);
      // oxlint-disable-next-line no-await-in-loop
      if (sending !== undefined) await sending;
      if (this.#stopped) return;
      if (sink.isBlocked) {
        // oxlint-disable-next-line no-await-in-loop
        await this.#room();
        turnBegan = performance.now();
      } else if (isLongTurn(sent, turnBegan)) {
        // oxlint-disable-next-line no-await-in-loop
        await nextTurn();
        turnBegan = performance.now();
      }
      if (this.#stopped) return;
    }
  }

  /** Tells the source that nothing more is wanted. What it makes of it concerns nobody: the call is over. */
  #endSource(): void {
    void (async () => this.#iterator?.return?.())().catch(() => {});
  }

  #room(): Promise<void> {
    this.owedSince = performance.now();
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }
}

function isLongTurn(sent: number, turnBegan: number): boolean {
  if (sent % MESSAGES_PER_TURN === 0) return true;
  return sent % CLOCK_MESSAGES === 0 && performance.now() - turnBegan >= MAX_TURN_MS;
}
