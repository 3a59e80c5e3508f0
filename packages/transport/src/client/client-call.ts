import { AsyncResource } from "node:async_hooks";
import { type Metadata, type MethodDescriptor, ServerError, Status } from "nice-grpc-common";
import type { Encoding } from "../grpc/compression.js";
import { KeptRequest, type KeptMessage } from "../grpc/kept-messages.js";
import { encodeCompressed, encodeKept } from "../grpc/message-writer.js";
import { LazyMetadata } from "../grpc/metadata.js";
import { givenMetadata } from "../grpc/new-metadata.js";
import { headerListSize } from "../hpack/header-fields.js";
import type { HeaderList } from "../hpack/header-list.js";
import { deadlines, type DeadlineEntry, type DeadlineLinks } from "../http2/deadline-wheel.js";
import { timerMs } from "../http2/timers.js";
import { refusePromise } from "../protobuf/refuse-promise.js";
import { abortError, listenForAbort, stopListening, type Abortable } from "./abort-listeners.js";
import { Attempt, type AttemptOwner } from "./attempt.js";
import { clientError, codeOf, reportFault, textOf } from "./call-errors.js";
import type { ScopedCall } from "./call-scope.js";
import type { ChannelCall } from "./channel-call.js";
import type { ClientConnection } from "./client-connection.js";
import type { ClientMethod } from "./client-method.js";
import type { ClientCallContext, FailureOrigin } from "./client-phases.js";
import type { CallOptions } from "./client-types.js";
import { deadlineOf, requestFields } from "./request-head.js";
import { RequestPump, type RequestSink, type RequestSource } from "./request-pump.js";
import { StallWatch, type Stallable } from "./stall-watch.js";

/** Says how many attempts were made before this one (gRPC A6). */
const PREVIOUS_ATTEMPTS = "grpc-previous-rpc-attempts";

/**
 * One call: makes attempts until one of them counts, and decides when it is over. An attempt carries the messages. What
 * becomes of the response's messages is for the classes made of this one, by the shape of the call.
 *
 * It is one long class because it is one object, which is also what phases see: a fast client makes hundreds of thousands of
 * calls in a second. What only some calls need is made when they do, and stands in files of its own.
 */
export abstract class ClientCall
  implements
    Abortable,
    AttemptOwner,
    ChannelCall,
    ClientCallContext,
    DeadlineEntry,
    RequestSink,
    ScopedCall,
    Stallable
{
  readonly target: ClientMethod;
  readonly options: CallOptions;
  deadlineMs = Infinity;
  attempts = 0;
  isCommitted = false;
  isUnseen = false;
  deadlineBefore: DeadlineLinks | undefined;
  deadlineAfter: DeadlineLinks | undefined;
  scopeNext: ScopedCall | undefined;
  scopePrevious: ScopedCall | undefined;
  #request: unknown;
  #over = false;
  #attempt: Attempt | undefined;
  /** True if the present attempt was sent once already, and not processed (gRPC A6, "transparent retries"). */
  #repeated = false;
  /** The async context of the caller, once the call has begun, if code may run in it. */
  #caller: AsyncResource | undefined;
  /** Runs between two attempts. */
  #retryTimer: NodeJS.Timeout | undefined;
  #pump: RequestPump | undefined;
  /** The caller's metadata as they were when the call was made, and what phases have set. */
  #metadata: LazyMetadata | undefined;
  /** The one message of a request that is no stream, as an attempt before has sent it, or as it waits to be sent. */
  #message: KeptMessage | undefined;
  /** True while the one message is being compressed. */
  #isCompressing = false;
  /** The messages of a request that is a stream, as they were sent. */
  #kept: KeptRequest | undefined;

  constructor(target: ClientMethod, request: unknown, options: CallOptions) {
    this.target = target;
    this.#request = request;
    this.options = options;
  }

  /** True if the reader of the response waits for a message. */
  abstract get wantsMessage(): boolean;
  /** True if as many messages have come as the call's shape asks for. */
  protected abstract get isComplete(): boolean;
  /**
   * A message of the response; {@link giveBack} gets its cost when it is used up. Returns false to get no more before
   * {@link onWanted}.
   */
  protected abstract onMessage(message: unknown, cost: number): boolean;
  /** The response has ended well. */
  protected abstract onSucceeded(): void;
  /** The call has failed; `atOnce` if what came before is not wanted any more. */
  protected abstract onError(error: unknown, atOnce: boolean): void;

  get method(): MethodDescriptor {
    return this.target.definition.descriptor;
  }

  get metadata(): Metadata {
    return (this.#metadata ??= LazyMetadata.copyOf(givenMetadata(this.options.metadata)));
  }

  get trailer(): Metadata {
    return new LazyMetadata(this.#attempt?.trailer);
  }

  get waitForReady(): boolean {
    return this.options.waitForReady === true;
  }

  get isBlocked(): boolean {
    return !this.#isSending || this.#attempt!.pending !== undefined;
  }

  /** False also once the attempt's connection has ended, until the call is told of it, in its turn: there may be another attempt. */
  get #isSending(): boolean {
    return this.#attempt?.closed === false;
  }

  get progress(): number {
    return this.#attempt?.progress ?? 0;
  }

  get owedSince(): number {
    const pump = this.#pump;
    if (pump === undefined) return Infinity;
    // A server that has all messages owes a stream of answers nothing, but the one answer of the other shape.
    const owes = !pump.hasEnded || this.isBlocked || !this.method.responseStream;
    // A server whose answers are not read cannot go on.
    return owes && this.wantsMessage ? pump.owedSince : Infinity;
  }

  /** Begins the call, in the async context of its caller. */
  start(): void {
    this.target.channel.callsStarted++;
    this.#start();
    if (this.#over) return;
    if (this.#attempt === undefined) this.#keepAsItIs();
    if (!this.#runsLater()) return;
    this.#caller = new AsyncResource("CallwireCall", { requireManualDestroy: true });
  }

  #start(): void {
    const { options, target } = this;
    const { optionsCheck } = target;
    let wrong: { error: unknown } | undefined;
    if (optionsCheck !== undefined || hasTimes(options)) {
      try {
        optionsCheck?.check(options, target.path);
        if (hasTimes(options)) this.deadlineMs = deadlineOf(options, options.metadata && this.metadata);
      } catch (error) {
        // An option, or metadata, that is none.
        wrong = { error };
      }
    }
    if (target.phases !== undefined) {
      try {
        target.phases.began?.(this);
      } catch (error) {
        // What a phase says of it names the cause.
        wrong = { error };
      }
    }
    if (wrong !== undefined) {
      this.cancel(wrong.error);
      return;
    }
    const { scope } = target;
    if (scope !== undefined) {
      if (scope.isClosed) {
        this.onClientClosed();
        return;
      }
      scope.add(this);
    }
    const { signal } = options;
    if (signal !== undefined) {
      if (signal.aborted) {
        this.onAbort(abortError());
        return;
      }
      listenForAbort(signal, this);
    }
    if (this.deadlineMs !== Infinity) deadlines.add(this);
    this.#try();
  }

  /** The call begins later: what its caller changes meanwhile must not go out. What is wrong shows when it begins. */
  #keepAsItIs(): void {
    const { definition, maxSendBytes, phases } = this.target;
    try {
      if (this.options.metadata !== undefined) (this.metadata as LazyMetadata).toFields();
      // Who chooses the compression of a message is promised the caller's own.
      if (this.method.requestStream || this.options.compressMessage !== undefined) return;
      const message = encodeKept(definition.request, this.#request, maxSendBytes);
      if (phases?.request === undefined && this.#encoding === "identity") this.#message = message;
      // Phases get a message, and get it when it is sent.
      else this.#request = definition.request.decode(message.buffer, message.start, message.end);
    } catch {
      // Nothing is kept.
    }
  }

  /** Makes an attempt. */
  #try(): void {
    // One that no server has seen is the same one still.
    if (!this.isUnseen) this.attempts++;
    this.isUnseen = false;
    this.isCommitted = false;
    this.#repeated = false;
    this.#attempt = undefined;
    const { channel, phases } = this.target;
    if (phases?.attempted !== undefined) {
      let ready: void | Promise<void>;
      try {
        ready = phases.attempted(this);
      } catch (error) {
        this.cancel(error);
        return;
      }
      if (ready !== undefined) {
        void this.#startWhen(ready);
        return;
      }
      // The phase may have ended it.
      if (this.#over) return;
    }
    channel.start(this);
  }

  async #startWhen(ready: Promise<void>): Promise<void> {
    try {
      await ready;
    } catch (error) {
      this.cancel(error);
      return;
    }
    if (!this.#over) this.target.channel.start(this);
  }

  begin(connection: ClientConnection): void {
    if (this.#caller === undefined) this.#begin(connection);
    else this.#caller.runInAsyncScope(this.#begin, this, connection);
  }

  #begin(connection: ClientConnection): void {
    const { deadlineMs, options, target } = this;
    const leftMs = deadlineMs === Infinity ? Infinity : deadlineMs - performance.now();
    if (!(leftMs > 0)) {
      this.onExpired();
      return;
    }
    let fields: string[] | undefined;
    try {
      const timeoutMs = this.attempts === 1 ? options.timeoutMs : undefined;
      const metadata = options.metadata === undefined ? this.#metadata : (this.metadata as LazyMetadata);
      fields = requestFields(metadata, leftMs, this.#encoding, timeoutMs);
    } catch (error) {
      this.cancel(error);
      return;
    }
    if (this.attempts > 1) (fields ??= []).push(PREVIOUS_ATTEMPTS, String(this.attempts - 1));
    const size = headerListSize(target.fields, fields);
    const { maxHeaderListSize } = connection.sender.peer;
    if (size > maxHeaderListSize) {
      // RFC 9113, section 10.5.1.
      const why = `metadata of ${size} bytes, where the server allows ${maxHeaderListSize}`;
      this.#stop(clientError(target.path, Status.RESOURCE_EXHAUSTED, why, "local"), "local", false);
      return;
    }
    const attempt = new Attempt(this);
    this.#attempt = attempt;
    connection.open(attempt, target.fields, fields);
    if (this.#pump !== undefined) this.#sendAgain(attempt, this.#pump);
    else if (this.method.requestStream) this.#pumpRequest();
    else if (this.#message !== undefined) this.#sendOneAgain(attempt, this.#message);
    else if (!this.#isCompressing) void this.sendRequest(this.#request, true);
  }

  /** The one message, as it was sent before; a phase that makes another one of it does so for each attempt. */
  #sendOneAgain(attempt: Attempt, message: KeptMessage): void {
    const { phases } = this.target;
    let sent: unknown = this.#request;
    try {
      if (phases?.request !== undefined) sent = phases.request(sent, this);
    } catch (error) {
      this.cancel(error);
    }
    if (this.#over) return;
    if (sent === this.#request) attempt.sendKept(message, true);
    else if (message.compressed) void this.#sendCompressed(sent, true);
    else attempt.send(sent, true, attempt);
  }

  /** The request's messages that another attempt has sent in vain, and those that came since. */
  #sendAgain(attempt: Attempt, pump: RequestPump): void {
    if (this.#kept?.messages !== undefined) attempt.sendAgain(this.#kept.messages);
    if (pump.hasEnded) attempt.sendEnd();
    else if (!this.isBlocked) pump.onDrained();
  }

  #pumpRequest(): void {
    const { stallTimeoutMs = Infinity } = this.options;
    const { channel } = this.target;
    this.#kept = new KeptRequest(channel.settings.maxKeptBytes, channel.keepBudget);
    this.#pump = new RequestPump(
      this,
      stallTimeoutMs === Infinity ? undefined : new StallWatch(this, stallTimeoutMs),
    );
    void this.#pump.run(this.#request as RequestSource);
  }

  get #encoding(): Encoding {
    return this.options.compression ?? this.target.channel.settings.compression;
  }

  sendRequest(given: unknown, last: boolean): Promise<void> | undefined {
    let message = given;
    let compressed = this.#encoding !== "identity";
    const { phases } = this.target;
    if (compressed || phases?.request !== undefined) {
      try {
        if (compressed && this.options.compressMessage !== undefined) {
          const answer = this.options.compressMessage(given);
          refusePromise("compressMessage", answer);
          compressed = answer ?? true;
        }
        if (phases?.request !== undefined && !this.#over) message = phases.request(message, this);
      } catch (error) {
        this.cancel(error);
      }
    }
    // The called function may have ended the call.
    if (this.#over) return undefined;
    if (compressed) return this.#sendCompressed(message, last);
    if (last && this.#attempt !== undefined) this.#attempt.send(message, last, this.#attempt);
    else if (this.#isSending) this.#attempt!.send(message, last, this.#openKept);
    else this.#sendLater(message);
    return undefined;
  }

  async #sendCompressed(message: unknown, last: boolean): Promise<void> {
    const { definition, maxSendBytes } = this.target;
    this.#isCompressing = true;
    let bytes: Buffer;
    try {
      bytes = await encodeCompressed(definition.request, message, maxSendBytes);
    } catch (error) {
      this.#failToSend(error);
      return;
    } finally {
      this.#isCompressing = false;
    }
    // Meanwhile the call may be over, or have another attempt, or none.
    if (this.#over) return;
    const kept = { buffer: bytes, start: 0, end: bytes.length, compressed: true };
    if (last) this.#message = kept;
    else this.#keepInOrder(kept);
    this.#attempt?.sendKept(kept, last);
  }

  /** A message of a stream that has no attempt now: the next one begins with it. */
  #sendLater(message: unknown): void {
    const { definition, maxSendBytes } = this.target;
    try {
      this.#keepInOrder(encodeKept(definition.request, message, maxSendBytes));
    } catch (error) {
      this.#failToSend(error);
    }
  }

  /** What keeps the messages of a stream, while all of them are kept. */
  get #openKept(): KeptRequest | undefined {
    return this.#kept?.isWhole === true ? this.#kept : undefined;
  }

  #keepInOrder({ buffer, start, end, compressed }: KeptMessage): void {
    this.#kept?.keepBytes(buffer, start, end, compressed);
    if (this.#attempt !== undefined || this.#kept?.isWhole === true) return;
    const why = "the server has not seen the call, and its requests are too many to be sent again";
    this.onFailed(clientError(this.target.path, Status.UNAVAILABLE, why, "connection"), "connection");
  }

  #failToSend(error: unknown): void {
    if (this.#over) return;
    if (this.#attempt !== undefined) this.#attempt.failToSend(error);
    else if (error instanceof ServerError) this.failHere(error.code, error.details);
    else this.failHere(Status.INTERNAL, textOf(error));
  }

  sendEnd(): void {
    // Without an attempt, the next one sends the end.
    this.#attempt?.sendEnd();
  }

  onDrained(): void {
    this.#pump?.onDrained();
  }

  onCommitted(header: HeaderList): void {
    this.isCommitted = true;
    this.#kept?.drop();
    if (this.options.onHeader !== undefined) this.#enter(this.#tellHeader, header);
  }

  #tellHeader(header: HeaderList): void {
    try {
      this.#failLater(this.options.onHeader!(new LazyMetadata(header)));
    } catch (error) {
      this.cancel(error);
    }
  }

  onResponse(message: unknown, cost: number): boolean {
    if (this.target.phases?.response === undefined) return this.onMessage(message, cost);
    if (this.#caller === undefined) return this.#passResponse(message, cost);
    return this.#caller.runInAsyncScope(this.#passResponse, this, message, cost);
  }

  #passResponse(message: unknown, cost: number): boolean {
    let passed: unknown;
    try {
      passed = this.target.phases!.response!(message, this);
    } catch (error) {
      this.cancel(error);
      return false;
    }
    return !this.#over && this.onMessage(passed, cost);
  }

  onTrailers(): void {
    // Those of an attempt that is not committed may not count.
    if (this.isCommitted) this.#tellTrailer();
  }

  /** Tells the caller of the trailers, if there are any. */
  #tellTrailer(): void {
    if (this.options.onTrailer === undefined || this.#attempt?.trailer === undefined) return;
    this.#enter(this.#callOnTrailer, undefined);
  }

  #callOnTrailer(): void {
    try {
      this.#failLater(this.options.onTrailer!(this.trailer));
    } catch (error) {
      this.cancel(error);
    }
  }

  /** A callback that is async, which it should not be, ends the call all the same; or a warning tells of it. */
  #failLater(result: unknown): void {
    if (!(result instanceof Promise)) return;
    result.catch((error: unknown) => {
      if (this.#over) reportFault(error);
      else this.cancel(error);
    });
  }

  onEnded(): void {
    if (!this.isCommitted) {
      this.#tellTrailer();
      if (this.#over) return;
    }
    if (!this.isComplete) {
      this.failHere(Status.UNIMPLEMENTED, "the response has no message");
      return;
    }
    this.#close();
    this.target.channel.callsSucceeded++;
    if (this.target.phases?.ended !== undefined) this.#enter(this.#tellEnded, Status.OK);
    this.onSucceeded();
  }

  onUnprocessed(why: string, origin: FailureOrigin): void {
    // Of a request that is a stream, messages may be gone.
    if (this.#repeated || (this.#pump !== undefined && this.#kept?.isWhole !== true)) {
      // A server that refuses a stream is there, and has too much to do.
      this.isUnseen = origin === "connection";
      this.onFailed(clientError(this.target.path, Status.UNAVAILABLE, why, origin), origin);
      return;
    }
    this.#repeated = true;
    this.#keepMessage();
    this.#attempt?.close();
    this.#attempt = undefined;
    this.target.channel.start(this);
  }

  fail(code: Status, details: string): void {
    this.isUnseen = true;
    this.onFailed(clientError(this.target.path, code, details, "connection"), "connection");
  }

  onFailed(error: unknown, origin: FailureOrigin): void {
    if (this.#over) return;
    if (this.target.phases?.retryAfterMs === undefined) this.#giveUp(error, origin);
    else if (this.#caller === undefined) this.#tryAgain(error, origin);
    else this.#caller.runInAsyncScope(this.#tryAgain, this, error, origin);
  }

  #tryAgain(error: unknown, origin: FailureOrigin): void {
    let waitMs: number | undefined;
    if (!this.isCommitted && this.#pump === undefined && !this.method.requestStream && origin !== "local") {
      try {
        waitMs = this.target.phases!.retryAfterMs!(error, origin, this);
      } catch (thrown) {
        this.cancel(thrown);
      }
      if (this.#over) return;
    }
    if (waitMs === undefined) {
      this.#giveUp(error, origin);
      return;
    }
    this.#endAttempt();
    this.#retryTimer = setTimeout(onRetry, timerMs(Math.max(waitMs, 0)), this);
  }

  /** Lets go of an attempt that is not the last, or waits for its connection. Its trailers stay until the next one begins. */
  #endAttempt(): void {
    this.#keepMessage();
    if (this.#attempt === undefined) this.target.channel.forget(this);
    else this.#attempt.close();
  }

  /** The next attempt sends the one message as this one did. */
  #keepMessage(): void {
    if (!this.method.requestStream) this.#message = this.#attempt?.keptMessage ?? this.#message;
  }

  #giveUp(error: unknown, origin: FailureOrigin): void {
    if (!this.isCommitted) this.#tellTrailer();
    this.#stop(error, origin, false);
  }

  /** Ends the call with an error of ours; what it has received before is still read. */
  protected failHere(code: Status, details: string): void {
    this.#stop(clientError(this.target.path, code, details, "local"), "local", false);
  }

  cancel(error: unknown): void {
    this.#stop(error, "local", true);
  }

  /** A message of this cost is used up: the server may send as much again. */
  protected giveBack(cost: number): void {
    this.#attempt!.giveBack(cost);
  }

  /** The reader of the response wants a message, and there is none. */
  protected onWanted(): void {
    this.#attempt!.onWanted();
  }

  /** Ends the call because nobody reads its response any more: it has not failed, for nobody would hear of it. */
  protected abandon(): void {
    if (this.#over) return;
    if (this.#attempt === undefined) this.target.channel.forget(this);
    this.#close();
    // It may never have begun.
    if (this.attempts === 0) return;
    this.target.channel.callsFailed++;
    if (this.target.phases?.ended !== undefined) this.#enter(this.#tellEnded, Status.CANCELLED);
  }

  onAbort(error: Error): void {
    this.#stop(error, "local", true);
  }

  onClientClosed(): void {
    this.cancel(clientError(this.target.path, Status.CANCELLED, "the client is closed", "local"));
  }

  onStalled(timeoutMs: number): void {
    this.#expire(`the server took nothing for ${timeoutMs} ms`);
  }

  /** Called by the wheel. */
  onDeadline(): void {
    this.onExpired();
  }

  onExpired(): void {
    this.#expire(
      this.#attempt === undefined
        ? "the deadline passed before there was a connection"
        : "the deadline passed before the response was complete",
    );
  }

  #expire(why: string): void {
    this.#stop(clientError(this.target.path, Status.DEADLINE_EXCEEDED, why, "deadline"), "deadline", false);
  }

  /** Ends the call, wherever it is, with an error. */
  #stop(error: unknown, origin: FailureOrigin, atOnce: boolean): void {
    if (this.#over) return;
    if (this.#attempt === undefined) this.target.channel.forget(this);
    this.#close();
    this.target.channel.callsFailed++;
    const { phases } = this.target;
    if (phases === undefined) this.onError(error, atOnce);
    else if (this.#caller === undefined) this.#tellFailed(error, origin, atOnce);
    else this.#caller.runInAsyncScope(this.#tellFailed, this, error, origin, atOnce);
  }

  #tellFailed(error: unknown, origin: FailureOrigin, atOnce: boolean): void {
    const { phases } = this.target;
    let thrown = error;
    try {
      if (phases!.failed !== undefined) thrown = phases!.failed(error, origin, this);
    } catch (fault) {
      thrown = fault;
    }
    this.#tellEnded(codeOf(error));
    this.onError(thrown, atOnce);
  }

  #tellEnded(code: Status): void {
    try {
      this.target.phases!.ended?.(this, code);
    } catch (fault) {
      reportFault(fault);
    }
  }

  /** Lets go of all that the call held. */
  #close(): void {
    this.#over = true;
    if (this.deadlineMs !== Infinity) deadlines.remove(this);
    clearTimeout(this.#retryTimer);
    const { signal } = this.options;
    if (signal !== undefined) stopListening(signal, this);
    this.target.scope?.remove(this);
    this.#kept?.drop();
    if (this.#pump !== undefined) this.#enter(this.#pump.stop, undefined, this.#pump);
    this.#attempt?.close();
  }

  /** True if code of the application may run later, which must be in its caller's async context. */
  #runsLater(): boolean {
    const { options, target } = this;
    return (
      target.hasLatePhases ||
      target.definition.descriptor.requestStream ||
      options.onHeader !== undefined ||
      options.onTrailer !== undefined ||
      options.compressMessage !== undefined
    );
  }

  /** Runs a step in the async context of the caller, if something of the caller's may run in it. */
  #enter<Argument, This = this>(
    step: (this: This, argument: Argument) => void,
    argument: Argument,
    self = this as unknown as This,
  ): void {
    if (this.#caller === undefined) step.call(self, argument);
    else this.#caller.runInAsyncScope(step, self, argument);
  }

  /** Called by the timer between two attempts. */
  retry(): void {
    this.#enter(this.#try, undefined);
  }
}

/** True if a call has options that {@link deadlineOf} must look at. */
function hasTimes({ deadline, metadata, stallTimeoutMs, timeoutMs }: CallOptions): boolean {
  return (
    timeoutMs !== undefined ||
    metadata !== undefined ||
    deadline !== undefined ||
    stallTimeoutMs !== undefined
  );
}

/** One function for all timers. */
function onRetry(call: ClientCall): void {
  call.retry();
}
