import type { UserEvent, WatchRequest } from "@callwire/contracts/users";
import type { FailureOrigin } from "@callwire/transport";
import { Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../client-options.js";
import { CallError } from "../errors/call-error.js";
import { onAbort } from "../internal/abort.js";
import { backoffMs } from "../internal/backoff.js";
import type { OpenWatch, Watches } from "./watches.js";

/** The argument of {@link WatchOptions.onResume}. */
export interface Resume {
  /** The number of connections in a row that have failed since the last event: 1 for the first. */
  attempt: number;
  /** Why the last one ended. */
  error: CallError;
}

/** Options of a watch. */
export interface WatchOptions extends Omit<ClientCallOptions, "retry" | "stallTimeoutMs"> {
  /** For how long to watch, over all connections, in milliseconds; then DEADLINE_EXCEEDED. Default: no limit. */
  timeoutMs?: number;
  /** Yields heartbeats too. Default: false. */
  heartbeats?: boolean;
  /**
   * After how long without any event a connection counts as lost, in milliseconds; `Infinity` for never. Default: 60,000, four
   * of the server's heartbeats.
   */
  stallTimeoutMs?: number;
  /** Called when a connection is lost, before the wait for the next one. What it throws ends the watch. */
  onResume?: (resume: Resume) => void;
}

/** Opens one connection of a watch. */
export type Connect = (
  request: Partial<WatchRequest>,
  options: ClientCallOptions,
) => AsyncIterable<UserEvent>;

const method = "users.UserService/WatchUsers";

/** By gRPC's connection-backoff document, with the ceiling that the channel has too. */
const backoff = { initialMs: 1_000, maxMs: 20_000, multiplier: 1.6 };

const STALL_TIMEOUT_MS = 60_000;

const over: IteratorResult<UserEvent, undefined> = { done: true, value: undefined };

/**
 * Pure: whether a watch that ended so is worth resuming. Asked only if nobody on this side ended it: CANCELLED comes from
 * a server that ends its calls. INTERNAL is worth it if no server said it: the stream was reset, or the connection lost.
 */
export function isResumable({ code, details, origin }: CallError): boolean {
  if (code === Status.UNAVAILABLE || code === Status.CANCELLED) return true;
  if (code === Status.INTERNAL) return origin === "reset" || origin === "connection";
  return code === Status.RESOURCE_EXHAUSTED && details.errorInfo?.reason === "WATCHER_TOO_SLOW";
}

/**
 * Watches over as many connections as it takes, each from where the last one ended. It is its own iterator: between the
 * connection and the reader stands one step, which has no timer and no signal of its own.
 */
export class Watch implements AsyncIterableIterator<UserEvent, undefined>, OpenWatch {
  waitingSince = Infinity;
  readonly stallTimeoutMs: number;
  readonly #connect: Connect;
  readonly #watches: Watches;
  readonly #request: Partial<WatchRequest>;
  readonly #options: WatchOptions;
  /** That of the last event. */
  #resumeToken: string;
  /** The present connection, if there is one. */
  #events: AsyncIterator<UserEvent> | undefined;
  /** True if it is given up because nothing came. */
  #isStalled = false;
  /** The number of connections in a row that have failed since the last event. */
  #attempt = 0;
  /** When the time of the watch is up, by the clock of `performance.now()`. */
  #endsAt = Infinity;
  #isBegun = false;
  #isOver = false;
  /** The error that the reader gets next: it ended the watch from outside. */
  #failure: CallError | undefined;
  /** Ends the wait for the next connection. */
  #wake: (() => void) | undefined;
  /** The number of the reader's calls of `next` without an answer, and the last one's answer. */
  #asked = 0;
  #lastAnswer: Promise<IteratorResult<UserEvent, undefined>> | undefined;

  constructor(connect: Connect, watches: Watches, request: Partial<WatchRequest>, options: WatchOptions) {
    this.#connect = connect;
    this.#watches = watches;
    this.#request = request;
    this.#options = options;
    this.#resumeToken = request.resumeToken ?? "";
    this.stallTimeoutMs = options.stallTimeoutMs ?? STALL_TIMEOUT_MS;
  }

  next(): Promise<IteratorResult<UserEvent, undefined>> {
    const answer = this.#asked === 0 ? this.#ask() : this.#lastAnswer!.then(this.#ask, this.#ask);
    this.#asked++;
    this.#lastAnswer = answer;
    return answer;
  }

  async return(): Promise<IteratorResult<UserEvent, undefined>> {
    this.#end();
    this.#wake?.();
    await this.#events?.return?.();
    return over;
  }

  async throw(error: unknown): Promise<IteratorResult<UserEvent, undefined>> {
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
    this.#events?.return?.().catch(() => {});
  }

  onClosed(): void {
    this.#failure = this.#error(Status.CANCELLED, "the client is closed", "local");
    this.#wake?.();
  }

  /** The next event. While a connection is open, no async function stands between it and the reader. */
  readonly #ask = (): Promise<IteratorResult<UserEvent, undefined>> => {
    if (this.#events === undefined || this.#failure !== undefined || this.#isOver) return this.#advance();
    return this.#wait(this.#events).then(this.#onResult, this.#onError);
  };

  readonly #onResult = (
    result: IteratorResult<UserEvent, undefined>,
  ): IteratorResult<UserEvent, undefined> | Promise<IteratorResult<UserEvent, undefined>> => {
    if (result.done === true || !this.#take(result.value)) return this.#advance(Promise.resolve(result));
    this.#answered();
    return result;
  };

  readonly #onError = (error: unknown): Promise<IteratorResult<UserEvent, undefined>> =>
    this.#advance(Promise.reject(error));

  #wait(events: AsyncIterator<UserEvent>): Promise<IteratorResult<UserEvent>> {
    this.waitingSince = performance.now();
    return events.next();
  }

  /** Notes an event; whether it is for the reader. */
  #take({ eventType, resumeToken }: UserEvent): boolean {
    this.waitingSince = Infinity;
    this.#attempt = 0;
    this.#resumeToken = resumeToken;
    return eventType !== "heartbeat" || this.#options.heartbeats === true;
  }

  #answered(): void {
    this.#asked--;
    // The event in it is the reader's: of 10,000 watches none keeps its last one.
    if (this.#asked === 0) this.#lastAnswer = undefined;
  }

  /** The next event, over as many connections as it takes; `answer` is what the present one says next, if it was asked. */
  async #advance(answer?: Promise<IteratorResult<UserEvent>>): Promise<IteratorResult<UserEvent, undefined>> {
    try {
      if (!this.#isBegun) this.#begin();
      for (let next = answer; ; next = undefined) {
        if (next === undefined) {
          if (this.#failure !== undefined) throw this.#failure;
          if (this.#isOver) return over;
        }
        let result: IteratorResult<UserEvent>;
        try {
          // oxlint-disable-next-line no-await-in-loop
          result = await (next ?? this.#wait((this.#events ??= this.#open())));
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
      this.#end();
      throw error;
    } finally {
      this.#answered();
    }
  }

  #begin(): void {
    this.#isBegun = true;
    if (!(this.stallTimeoutMs > 0)) {
      const why = `stallTimeoutMs is ${this.stallTimeoutMs}: it must be more than 0`;
      throw this.#error(Status.INVALID_ARGUMENT, why, "local");
    }
    if (this.#options.timeoutMs !== undefined) this.#endsAt = performance.now() + this.#options.timeoutMs;
    if (this.#watches.isClosed) this.onClosed();
    else this.#watches.add(this);
  }

  /** Begins a connection. */
  #open(): AsyncIterator<UserEvent> {
    const { heartbeats: _, onResume: __, stallTimeoutMs: ___, timeoutMs, ...options } = this.#options;
    this.#isStalled = false;
    const events = this.#connect(
      { ...this.#request, resumeToken: this.#resumeToken },
      {
        ...options,
        retry: false,
        // The first is the caller's own, to be checked; the others are what is left of it.
        ...(timeoutMs !== undefined && {
          timeoutMs: this.#attempt === 0 ? timeoutMs : Math.max(this.#endsAt - performance.now(), 1),
        }),
      },
    );
    return events[Symbol.asyncIterator]();
  }

  /** A connection has ended so: waits until it is time for the next one, or throws what ends the watch. */
  async #resume(error: unknown): Promise<void> {
    this.waitingSince = Infinity;
    this.#events = undefined;
    if (this.#isOver || this.#failure !== undefined) return;
    this.#options.signal?.throwIfAborted();
    if (!(error instanceof CallError) || !isResumable(error)) throw error;
    this.#attempt++;
    this.#options.onResume?.({ attempt: this.#attempt, error });
    const waitMs = backoffMs(backoff, this.#attempt);
    const leftMs = this.#endsAt - performance.now();
    await this.#sleep(Math.min(waitMs, Math.max(leftMs, 0)));
    this.#options.signal?.throwIfAborted();
    if (waitMs >= leftMs && !this.#isOver && this.#failure === undefined) {
      throw this.#error(Status.DEADLINE_EXCEEDED, `not done after ${this.#options.timeoutMs} ms`, "deadline");
    }
  }

  /** Waits, unless the watch is ended meanwhile. */
  #sleep(ms: number): Promise<void> {
    const { signal } = this.#options;
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
      // A timer takes no more than 24.8 days: it would fire at once.
      const timer = setTimeout(wake, Math.min(ms, 2 ** 31 - 1));
      this.#wake = wake;
      unfollow = signal && onAbort(signal, wake);
    });
  }

  #stall(): CallError {
    return this.#error(Status.UNAVAILABLE, `no event for ${this.stallTimeoutMs} ms`, "connection");
  }

  #error(code: Status, description: string, origin: FailureOrigin): CallError {
    return new CallError({ code, description, method, requestId: this.#options.requestId, origin });
  }

  /** Lets go of the watch: nothing more is read. */
  #end(): void {
    this.#isOver = true;
    this.#watches.delete(this);
  }
}
