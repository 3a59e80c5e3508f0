import {
  isAsyncIterable,
  iteratorOf,
  throwInto,
  type AnyIterable,
  type AnyIterator,
} from "../grpc/iterator-of.js";
import type { CallScope } from "./call-scope.js";
import type { ReadyIterator } from "./ready-iterator.js";
import { isTurnOver, waitForTurn, type TurnWaiter } from "./turns.js";

/** The part of its call that a stream of responses needs. */
export interface ResponseSink {
  /** True if the stream takes no more messages. */
  readonly finished: boolean;
  /** True if the last message waits for the client to take it; then `onDrained` of the stream is called. */
  readonly isBlocked: boolean;
  /** Sends one message; a promise if that takes time. Throws if it cannot be sent. */
  write(message: unknown): Promise<void> | undefined;
  /** The handler has given its last message, and returned this. Throws if it should not have returned it. */
  onHandlerReturned(value: unknown): void;
  /** The handler has thrown. It must not throw. */
  onHandlerFailed(error: unknown): void;
  /** The handler, of which nobody takes more, has come to its end. */
  onHandlerStopped(): void;
  /** Where the handler runs. */
  readonly scope: CallScope | undefined;
}

type Result = IteratorResult<unknown, unknown>;
/** The number of messages that a stream may send before others have their turn. */
const MESSAGES_PER_VISIT = 64;

// The states of a stream.
/** Waits for its iterator to wake it. */
const IDLE = 0;
/** Is at work, below on the stack. */
const RUNNING = 1;
/** Waits for a promise, a turn, or the client. */
const WAITING = 2;
/** Nobody takes more, and the iterator knows. */
const STOPPED = 3;
/** The iterator has come to its end. */
const DONE = 4;

// The ways to ask an iterator.
const SYNC = 0;
const ASYNC = 1;
const READY = 2;

/**
 * Sends what a handler's iterator gives. What is there at once is sent in a loop; a message that must be waited for costs one
 * promise, or none with a {@link ReadyIterator}.
 *
 * It is made of callbacks, where an async function would be shorter: a stream that idles is in the middle of it, and the
 * frame of an async function takes twice the memory.
 */
export class ResponseStream implements TurnWaiter {
  readonly #call: ResponseSink;
  readonly #iterator: AnyIterator;
  readonly #kind: number;
  /** True if the iterator wakes us. */
  readonly #wakes: boolean;
  #state = WAITING;
  /** A result that waits for its turn. */
  #held: Result | undefined;
  /** Made when there is a promise to wait for. */
  #onResult: ((result: Result) => void) | undefined;
  #onError: ((error: unknown) => void) | undefined;

  /** @throws If it is no iterable. */
  constructor(call: ResponseSink, iterable: unknown) {
    this.#call = call;
    const iterator = iteratorOf(iterable as AnyIterable);
    if (!isAsyncIterable(iterable as AnyIterable)) {
      this.#iterator = iterator;
      this.#kind = SYNC;
      this.#wakes = false;
      return;
    }
    const { nextNow, onReady } = iterator as Partial<ReadyIterator<unknown>>;
    this.#iterator = iterator;
    this.#kind = typeof nextNow === "function" ? READY : ASYNC;
    this.#wakes = this.#kind === READY && typeof onReady === "function";
    if (this.#wakes) (iterator as ReadyIterator<unknown>).onReady!(() => this.#wake());
  }

  /** Sends what is there, and goes on when more is. */
  start(): void {
    if (this.#call.finished) this.stop();
    else this.#run();
  }

  /** The client has taken what waited. */
  onDrained(): void {
    if (this.#state === WAITING) this.onTurn();
  }

  onTurn(): void {
    if (this.#state === WAITING) this.#resume();
  }

  /**
   * Nobody takes more: gives the handler's `finally` its turn. Also of an iterator that never comes to its next message.
   */
  stop(): void {
    if (this.#state === RUNNING || this.#state >= STOPPED) return;
    this.#state = STOPPED;
    this.#held = undefined;
    try {
      const returned = this.#iterator.return?.();
      if (returned === undefined || this.#kind === SYNC) this.#call.onHandlerStopped();
      else this.#await(returned as Promise<Result>);
    } catch (error) {
      this.#fail(error);
    }
  }

  #wake(): void {
    if (this.#state === IDLE) this.#resume();
  }

  /** Goes on after something that is not the call's own. */
  #resume(): void {
    const { scope } = this.#call;
    if (scope === undefined) this.#run();
    else scope.run(() => this.#run());
  }

  #run(): void {
    this.#state = RUNNING;
    try {
      this.#state = this.#send();
    } catch (error) {
      this.#fail(error);
    }
    // The handler may have ended the call.
    if (this.#call.finished) this.stop();
  }

  /** Sends messages until there is something to wait for; returns what the stream does then. */
  #send(): number {
    const call = this.#call;
    for (let sent = 0; !call.finished; sent++) {
      if (sent === MESSAGES_PER_VISIT || isTurnOver()) {
        waitForTurn(this);
        return WAITING;
      }
      const result = this.#held ?? this.#take();
      this.#held = undefined;
      if (result === undefined) return this.#ask();
      if (result.done === true) {
        call.onHandlerReturned(result.value);
        return DONE;
      }
      if (!this.#write(result.value)) return WAITING;
    }
    return WAITING;
  }

  /** Takes the next result, if it is there. */
  #take(): Result | undefined {
    if (this.#kind === ASYNC) return undefined;
    if (this.#kind === READY) return (this.#iterator as ReadyIterator<unknown>).nextNow();
    const result = checked((this.#iterator as Iterator<unknown, unknown>).next());
    if (!(result.value instanceof Promise)) return result;
    // As `yield*` does.
    this.#await(result.value.then((value: unknown) => ({ done: result.done ?? false, value })));
    return undefined;
  }

  /** Waits for the next result. */
  #ask(): number {
    if (this.#wakes) return IDLE;
    if (this.#kind !== SYNC) this.#await((this.#iterator as AsyncIterator<unknown, unknown>).next());
    return WAITING;
  }

  /** Sends a message; whether the next one may follow at once. */
  #write(message: unknown): boolean {
    let writing: Promise<void> | undefined;
    try {
      writing = this.#call.write(message);
    } catch (error) {
      // The handler may go on.
      this.#await(throwInto(this.#iterator, error));
      return false;
    }
    if (writing === undefined) return !this.#call.isBlocked;
    writing.then(
      () => this.#onWritten(),
      (error: unknown) => this.#await(throwInto(this.#iterator, error)),
    );
    return false;
  }

  #onWritten(): void {
    if (!this.#call.isBlocked) this.onTurn();
  }

  #await(result: Promise<Result>): void {
    this.#onResult ??= (settled) => this.#settled(settled);
    this.#onError ??= (error) => this.#fail(error);
    // Iterators that are written by hand return what they like.
    Promise.resolve(result).then(this.#onResult, this.#onError);
  }

  #settled(result: Result): void {
    try {
      checked(result);
      if (this.#state === STOPPED && result.done === true) {
        this.#state = DONE;
        this.#call.onHandlerStopped();
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#state !== WAITING) return;
    this.#held = result;
    this.#run();
  }

  #fail(error: unknown): void {
    this.#state = DONE;
    this.#call.onHandlerFailed(error);
  }
}

function checked(result: Result): Result {
  if (typeof result !== "object" || result === null)
    throw new TypeError(`Iterator result ${String(result)} is not an object`);
  return result;
}
