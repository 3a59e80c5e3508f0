import type { FailureOrigin } from "@callwire/transport/seam";
import { Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import { CallError } from "../errors/call-error.js";
import { onAbort } from "../internal/abort.js";
import { backoffMs } from "../internal/backoff.js";
import { isClientError } from "../internal/client-errors.js";
import { ignoreResult } from "../internal/ignore-result.js";
import { checkTimeout } from "../middleware/deadline.js";
import type { OpenWatch, Watches } from "./watches.js";

/** Refuses what an async function returns where none may be async. */
function direct<Result>(name: string, result: Result): Result {
  if (!(result instanceof Promise)) return result;
  ignoreResult(result, () => {});
  throw new TypeError(`${name} returned a promise, and must not be async`);
}

/** The argument of `onResume`. */
export interface Resume {
  /** The number of connections in a row that have failed since the last message: 1 for the first. */
  attempt: number;
  /** The error by which the last one ended. */
  error: CallError;
}

/** The parts of a {@link ResumedStream}. */
export interface ResumedStreamInit<Message, Token> {
  /** Opens one connection, after the token. */
  call: (token: Token | undefined, options: ClientCallOptions) => AsyncIterable<Message>;
  tokenOf: (message: Message) => Token | undefined;
  token: Token | undefined;
  /** True if a message is for the reader. */
  isForReader: (message: Message) => boolean;
  isResumable: (error: CallError) => boolean;
  onResume: ((resume: Resume) => void) | undefined;
  /** The options of each call; `timeoutMs` holds for all of them together. */
  options: ClientCallOptions;
  stallTimeoutMs: number;
  /** The method, for errors. */
  method: string;
  watches: Watches;
}

/** By gRPC's connection-backoff document, with the ceiling that the channel has too. */
const backoff = { initialMs: 1_000, maxMs: 20_000, multiplier: 1.6 };

const over: IteratorResult<never, undefined> = { done: true, value: undefined };

/**
 * Pure: true if a stream that ended so is worth resuming. A server that ends its calls says UNAVAILABLE or CANCELLED. An end that
 * no server has sent as a status is worth it whatever code it got here: the stream was cut off, or the connection lost. What
 * this side has ended stays so.
 */
export function isResumable({ code, origin }: CallError): boolean {
  if (origin === "reset" || origin === "connection") return true;
  return code === Status.UNAVAILABLE || (code === Status.CANCELLED && origin !== "local");
}

/**
 * Reads a stream over as many connections as it takes, each from where the last one ended. It is its own iterator: between the
 * connection and the reader stands one step, which has no timer and no signal of its own.
 */
export class ResumedStream<Message, Token> implements AsyncIterator<Message, undefined>, OpenWatch {
  waitingSince = Infinity;
  readonly stallTimeoutMs: number;
  readonly #init: ResumedStreamInit<Message, Token>;
  /** That of the last message. */
  #token: Token | undefined;
  /** The present connection, if there is one. */
  #messages: AsyncIterator<Message> | undefined;
  /** True if it is given up because nothing came. */
  #isStalled = false;
  /** The number of connections in a row that have failed since the last event. */
  #attempt = 0;
  /** When the time of the watch is up, by the clock of `performance.now()`. */
  #endsAt = Infinity;
  #isBegun = false;
  #isOver = false;
  /** The error that the reader gets next: it ended the watch from outside. */
  #failure: unknown;
  /** Ends the wait for the next connection. */
  #wake: (() => void) | undefined;
  /** The number of the reader's calls of `next` without an answer, and the last one's answer. */
  #asked = 0;
  #lastAnswer: Promise<IteratorResult<Message, undefined>> | undefined;

  constructor(init: ResumedStreamInit<Message, Token>) {
    this.#init = init;
    this.#token = init.token;
    this.stallTimeoutMs = init.stallTimeoutMs;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const answer = this.#asked === 0 ? this.#ask() : this.#lastAnswer!.then(this.#ask, this.#ask);
    this.#asked++;
    this.#lastAnswer = answer;
    return answer;
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    this.#end();
    this.#wake?.();
    await this.#messages?.return?.();
    return over;
  }

  async throw(error: unknown): Promise<IteratorResult<Message, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  onStalled(): void {
    this.#isStalled = true;
    this.waitingSince = Infinity;
    // A reader that waits for an event then hears that there are no more.
    this.#messages?.return?.().catch(() => {});
  }

  onClosed(): void {
    this.#failure = this.#error(Status.CANCELLED, "the client is closed", "local");
    this.#wake?.();
  }

  /** The next event. While a connection is open, no async function stands between it and the reader. */
  readonly #ask = (): Promise<IteratorResult<Message, undefined>> => {
    if (this.#messages === undefined || this.#failure !== undefined || this.#isOver) return this.#advance();
    return this.#wait(this.#messages).then(this.#onResult, this.#onError);
  };

  readonly #onResult = (
    result: IteratorResult<Message, undefined>,
  ): IteratorResult<Message, undefined> | Promise<IteratorResult<Message, undefined>> => {
    if (result.done === true) return this.#advance(Promise.resolve(result));
    let isForReader: boolean;
    try {
      isForReader = this.#take(result.value);
    } catch (error) {
      this.#answered();
      this.#abandon();
      throw error;
    }
    if (!isForReader) return this.#advance();
    this.#answered();
    return result;
  };

  readonly #onError = (error: unknown): Promise<IteratorResult<Message, undefined>> =>
    this.#advance(Promise.reject(error));

  #wait(messages: AsyncIterator<Message>): Promise<IteratorResult<Message>> {
    this.waitingSince = performance.now();
    return messages.next();
  }

  /** Notes a message; true if it is for the reader. */
  #take(message: Message): boolean {
    this.waitingSince = Infinity;
    this.#attempt = 0;
    this.#token = direct("tokenOf", this.#init.tokenOf(message)) ?? this.#token;
    return this.#init.isForReader(message);
  }

  #answered(): void {
    this.#asked--;
    // The event in it is the reader's: of 10,000 watches none keeps its last one.
    if (this.#asked === 0) this.#lastAnswer = undefined;
  }

  /** The next event, over as many connections as it takes; `answer` is what the present one says next, if it was asked. */
  async #advance(answer?: Promise<IteratorResult<Message>>): Promise<IteratorResult<Message, undefined>> {
    try {
      if (!this.#isBegun) this.#begin();
      for (let next = answer; ; next = undefined) {
        if (next === undefined) {
          if (this.#failure !== undefined) throw this.#failure;
          if (this.#isOver) return over;
        }
        let result: IteratorResult<Message>;
        try {
          // oxlint-disable-next-line no-await-in-loop
          result = await (next ?? this.#wait((this.#messages ??= this.#open())));
          this.waitingSince = Infinity;
        } catch (error) {
          // oxlint-disable-next-line no-await-in-loop
          await this.#resume(error);
          continue;
        }
        if (result.done === true) {
          if (!this.#isStalled) this.#end();
          // oxlint-disable-next-line no-await-in-loop
          else await this.#resume(this.#stall());
          continue;
        }
        if (this.#take(result.value)) return result;
      }
    } catch (error) {
      this.#abandon();
      throw error;
    } finally {
      this.#answered();
    }
  }

  #begin(): void {
    this.#isBegun = true;
    try {
      checkTimeout(this.stallTimeoutMs, "stallTimeoutMs");
    } catch (wrong) {
      throw this.#error(Status.INVALID_ARGUMENT, (wrong as Error).message, "local");
    }
    const { options, watches } = this.#init;
    if (options.timeoutMs !== undefined) this.#endsAt = performance.now() + options.timeoutMs;
    if (watches.isClosed) this.onClosed();
    else watches.add(this);
  }

  /** Begins a connection. */
  #open(): AsyncIterator<Message> {
    const { timeoutMs, ...options } = this.#init.options;
    this.#isStalled = false;
    const messages = this.#init.call(this.#token, {
      ...options,
      retry: false,
      // The first is the caller's own, to be checked; the others are what is left of it.
      ...(timeoutMs !== undefined && {
        timeoutMs: this.#attempt === 0 ? timeoutMs : Math.max(this.#endsAt - performance.now(), 1),
      }),
    });
    if (
      typeof (messages as Partial<AsyncIterable<Message>> | undefined)?.[Symbol.asyncIterator] !== "function"
    ) {
      ignoreResult(messages);
      throw new TypeError("call gave no stream: it must return what a client's method returns");
    }
    return messages[Symbol.asyncIterator]();
  }

  /** A connection has ended so: waits until it is time for the next one, or throws what ends the watch. */
  async #resume(error: unknown): Promise<void> {
    this.waitingSince = Infinity;
    this.#messages = undefined;
    if (this.#isOver || this.#failure !== undefined) return;
    const { isResumable: isWorthIt, method, onResume, options } = this.#init;
    options.signal?.throwIfAborted();
    const failure = isClientError(error) ? CallError.from(error, { method }) : error;
    if (!(failure instanceof CallError) || !direct("isResumable", isWorthIt(failure))) throw error;
    this.#attempt++;
    // One that is async is not waited for, but what it throws ends the stream as well.
    ignoreResult(onResume?.({ attempt: this.#attempt, error: failure }), (thrown) => {
      this.#failure ??= thrown ?? new Error("onResume has thrown undefined");
      this.#wake?.();
    });
    const waitMs = backoffMs(backoff, this.#attempt);
    const leftMs = this.#endsAt - performance.now();
    await this.#sleep(Math.min(waitMs, Math.max(leftMs, 0)));
    options.signal?.throwIfAborted();
    if (waitMs >= leftMs && !this.#isOver && this.#failure === undefined) {
      throw this.#error(Status.DEADLINE_EXCEEDED, `not done after ${options.timeoutMs} ms`, "deadline");
    }
  }

  /** Waits, unless the watch is ended meanwhile. */
  #sleep(ms: number): Promise<void> {
    const { signal } = this.#init.options;
    return new Promise((resolve) => {
      // `onResume` may have ended it.
      if (this.#isOver || this.#failure !== undefined || signal?.aborted === true) {
        resolve();
        return;
      }
      let unfollow: (() => void) | undefined;
      const wake = () => {
        clearTimeout(timer);
        unfollow?.();
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wake = wake;
      unfollow = signal && onAbort(signal, wake);
    });
  }

  #stall(): CallError {
    return this.#error(Status.UNAVAILABLE, `no message for ${this.stallTimeoutMs} ms`, "connection");
  }

  #error(code: Status, description: string, origin: FailureOrigin): CallError {
    const { method, options } = this.#init;
    return new CallError({ code, description, method, requestId: options.requestId, origin });
  }

  /** Ends the stream, and the connection that is still open if a callback has thrown. */
  #abandon(): void {
    this.#end();
    void this.#messages?.return?.().catch(() => {});
  }

  /** Lets go of the stream: nothing more is read. */
  #end(): void {
    this.#isOver = true;
    this.#init.watches.delete(this);
  }
}
