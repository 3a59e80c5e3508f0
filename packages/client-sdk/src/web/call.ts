import type { ClientPhases, FailureOrigin } from "@callwire/transport/seam";
import { Metadata, Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import { CallError } from "../errors/call-error.js";
import { abortError, onAbort } from "../internal/abort.js";
import {
  clientError,
  codeOf,
  isClientError,
  type OriginError,
  requestsFailed,
} from "../internal/client-errors.js";
import { errorText } from "../internal/error-text.js";
import { ignoreResult } from "../internal/ignore-result.js";
import { methodName } from "../internal/method-name.js";
import { randomUuid } from "../internal/random-uuid.web.js";
import { reportBug } from "../internal/report-bug.js";
import { requestIdKey } from "../internal/request-id-key.js";
import type { RetryPolicy } from "../internal/retry-policy.js";
import type { RunningCalls } from "../internal/running-calls.js";
import { bearerOf, type TokenSource } from "../middleware/bearer-token.js";
import { callTimeout, checkTimeout } from "../middleware/deadline.js";
import { checkRequestId } from "../middleware/request-id.js";
import { type AttemptOptions, fetchAttempt } from "./fetch-attempt.js";
import { type RequestStream, requestStream } from "./request-body.js";
import type { WebMethod } from "./web-methods.js";

// The pipeline of the client for browsers: one function in place of the SDK's list of middleware and the phases that they are compiled
// into, of which a bundle would have all. It does the same in the same order.

/** The longest time that a timer takes, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The parts of a client that its calls share. */
export interface CallSettings {
  attempts: AttemptOptions;
  /** The application's own, outermost first. */
  middleware: readonly ClientPhases[];
  metadata: Metadata;
  retry: RetryPolicy | undefined;
  timeoutMs: number;
  token: TokenSource | undefined;
  calls: RunningCalls;
}

/** One call. It begins when its first message is asked for. */
export interface Call {
  messages: AsyncGenerator<unknown, void, undefined>;
  /** Ends the call of a reader who waits for a message, and wants no more. */
  leave(): void;
}

/** Why a call failed. */
interface Failure {
  error: unknown;
  origin: FailureOrigin;
}

/** Refuses what an async phase returns where none may be async. */
function direct<Result>(phase: keyof ClientPhases, result: Result): Result {
  if (!(result instanceof Promise)) return result;
  ignoreResult(result, () => {});
  throw new TypeError(`a middleware returned a promise from ${phase}, which must not be async`);
}

/** The result of a phase that must not throw. */
function guarded<Result>(otherwise: Result, run: () => Result): Result {
  try {
    return run();
  } catch (bug) {
    reportBug(bug);
    return otherwise;
  }
}

/** Makes a call of a method: its attempts, and what is done around them. */
export function callOf(
  { attempts, middleware, metadata: defaults, retry, timeoutMs, token, calls }: CallSettings,
  { descriptor: method, encode, decode }: WebMethod,
  request: unknown,
  options: ClientCallOptions,
): Call {
  const { path } = method;
  const { deadline = Infinity, signal: callers, timeoutMs: ownTimeoutMs } = options;
  const controller = new AbortController();
  /** What ended the call from outside of its attempt. */
  let failure: Failure | undefined;
  let isLeft = false;
  let interrupt: (() => void) | undefined;
  let limitTimer: ReturnType<typeof setTimeout> | undefined;
  let waitTimer: ReturnType<typeof setTimeout> | undefined;
  let unfollow: (() => void) | undefined;
  let requests: RequestStream | undefined;
  /** The header of the last attempt, if it only had an error. */
  let failedHeader: Metadata | undefined;
  let trailer: Metadata | undefined;
  let isTrailerTold = false;
  /** True if the caller's own metadata has a token. */
  let isAuthorized: boolean | undefined;
  /** The middleware whose `began` was called, innermost first. The others do not hear of the call's end. */
  const begun: ClientPhases[] = [];
  const context = {
    method,
    options,
    metadata: Metadata(),
    deadlineMs: performance.now() + Number(deadline) - Date.now(),
    attempts: 0,
    isCommitted: false,
    isUnseen: false,
    get trailer() {
      return trailer ?? Metadata();
    },
  };

  /** Lets go of all that outlives the call. Its generator cannot: nobody may ask it for another message. */
  const end = () => {
    clearTimeout(limitTimer);
    clearTimeout(waitTimer);
    unfollow?.();
    calls.delete(close);
    requests?.end();
  };
  /** Ends the call. Only the first failure counts. */
  const fail = (error: unknown, origin: FailureOrigin = "local") => {
    if (failure) return;
    failure = { error, origin };
    controller.abort(error);
    interrupt?.();
    end();
  };
  const close = () => fail(clientError(path, Status.CANCELLED, "the client is closed", "local"));
  const check = () => {
    if (failure) throw failure.error;
  };
  /** Waits, no longer than the call lasts. */
  const until = <Result>(promise: Result | Promise<Result>) =>
    new Promise<Result>((resolve, reject) => {
      interrupt = () => reject(failure!.error);
      Promise.resolve(promise).then(resolve, reject);
      if (failure) interrupt();
    });
  const failureOf = (error: unknown): Failure =>
    failure ?? {
      error,
      origin: isClientError(error) ? ((error as OriginError).origin ?? "status") : "local",
    };
  /** Runs what this side does for a call: what it throws ends the call. */
  const ours = <Result>(run: () => Result): Result => {
    try {
      return run();
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  const because = (code: Status, why: string, cause: unknown) =>
    clientError(path, code, why + errorText(cause), "local", cause);
  /** Runs a part of this side whose error says why the call fails. */
  const trying = <Result>(code: Status, why: string, run: () => Result): Result => {
    try {
      return run();
    } catch (error) {
      throw because(code, why, error);
    }
  };

  const limit = () => {
    const leftMs = Math.ceil(context.deadlineMs - performance.now());
    if (leftMs > 0) limitTimer = setTimeout(limit, Math.min(leftMs, MAX_TIMER_MS));
    else fail(clientError(path, Status.DEADLINE_EXCEEDED, "the deadline passed", "deadline"), "deadline");
  };
  const begin = () => {
    const { metadata } = context;
    for (const given of [defaults, Metadata(options.metadata)]) {
      // A copy: a Metadata keeps the array that it is given.
      for (const [name, values] of given) metadata.set(name, [...values] as string[]);
    }
    const id = options.requestId ?? metadata.get(requestIdKey);
    metadata.set(
      requestIdKey,
      id === undefined ? randomUuid() : trying(Status.INVALID_ARGUMENT, "", () => checkRequestId(id)),
    );
    for (const phases of middleware) {
      begun.unshift(phases);
      direct("began", phases.began?.(context));
    }
    if (ownTimeoutMs !== undefined) trying(Status.INVALID_ARGUMENT, "", () => checkTimeout(ownTimeoutMs));
    if (ownTimeoutMs !== undefined || context.deadlineMs === Infinity) {
      const limitMs = callTimeout(method, ownTimeoutMs, timeoutMs);
      context.deadlineMs = Math.min(context.deadlineMs, performance.now() + limitMs);
    }
    calls.add(close);
    if (callers) unfollow = onAbort(callers, () => fail(abortError()));
    if (context.deadlineMs !== Infinity) limit();
    check();
  };

  const encoded = (message: unknown): Uint8Array =>
    ours(() => {
      const sent = middleware.reduce(
        (passed, phases) => (phases.request ? direct("request", phases.request(passed, context)) : passed),
        message,
      );
      return trying(Status.INTERNAL, "a message cannot be encoded: ", () => encode(sent));
    });
  const decoded = (bytes: Uint8Array): unknown =>
    ours(() => {
      const why = "a response message cannot be decoded: ";
      const message = trying(Status.INTERNAL, why, () => decode(bytes));
      return begun.reduce(
        (passed, phases) => (phases.response ? direct("response", phases.response(passed, context)) : passed),
        message,
      );
    });

  const authorize = async (source: TokenSource) => {
    isAuthorized ??= context.metadata.has("authorization");
    if (isAuthorized) return;
    try {
      context.metadata.set("authorization", bearerOf(typeof source === "string" ? source : await source()));
    } catch (error) {
      throw because(Status.UNAUTHENTICATED, "no token could be had: ", error);
    }
  };
  const attempted = async () => {
    for (const phases of middleware) {
      const wait = phases.attempted?.(context);
      // oxlint-disable-next-line no-await-in-loop -- in their order
      if (wait !== undefined) await until(wait);
    }
    if (token !== undefined) await until(authorize(token));
  };
  const attempt = async function* () {
    context.attempts++;
    context.isCommitted = false;
    failedHeader = undefined;
    trailer = undefined;
    await attempted().catch((error: unknown) => fail(error));
    check();
    if (method.requestStream) {
      requests = requestStream(request, encoded, (error) => fail(requestsFailed(path, error)));
    }
    const leftMs = context.deadlineMs - performance.now();
    yield* fetchAttempt(attempts, method, {
      // One that an application gives may pass over the signal.
      fetch: (url, init) => until(attempts.fetch(url, init)),
      body: requests?.body ?? encoded(request),
      metadata: context.metadata,
      timeoutMs: leftMs === Infinity ? undefined : Math.max(1, Math.ceil(leftMs)),
      signal: controller.signal,
      onHeader(header) {
        context.isCommitted = true;
        try {
          ignoreResult(options.onHeader?.(header), fail);
        } catch (error) {
          fail(error);
        }
      },
      onFailedHeader(header) {
        failedHeader = header;
      },
      onTrailer(received) {
        trailer = received;
      },
    });
  };

  /** Tells the caller of the trailers of the attempt that counts, once, if there are any. */
  const tellTrailer = () => {
    if (trailer === undefined || isTrailerTold) return;
    isTrailerTold = true;
    ignoreResult(options.onTrailer?.(trailer));
  };
  const retryAfterMs = ({ error, origin }: Failure): number | undefined => {
    if (failure || origin === "local" || method.requestStream || context.isCommitted) return undefined;
    return guarded(undefined, () => {
      for (const phases of [retry, ...begun]) {
        const waitMs = direct("retryAfterMs", phases?.retryAfterMs?.(error, origin, context));
        if (waitMs !== undefined) return waitMs;
      }
      return undefined;
    });
  };
  /** The error that the caller gets. */
  const failed = ({ error, origin }: Failure): unknown => {
    retry?.failed(error, origin, context);
    const passed = begun.reduce(
      (last, phases) =>
        phases.failed ? guarded(last, () => direct("failed", phases.failed!(last, origin, context))) : last,
      error,
    );
    if (origin === "local" && callers?.aborted) return callers.reason;
    const requestId = context.metadata.get(requestIdKey);
    return CallError.from(passed, { method: methodName(path), requestId, metadata: context.trailer, origin });
  };

  const run = async function* (): AsyncGenerator<unknown, void, undefined> {
    // That of a reader who leaves.
    let code: Status = Status.CANCELLED;
    try {
      ours(begin);
      for (;;) {
        try {
          for await (const bytes of attempt()) {
            context.isCommitted = true;
            check();
            yield decoded(bytes);
          }
          check();
          ours(tellTrailer);
          code = Status.OK;
          return;
        } catch (thrown) {
          const waitMs = retryAfterMs(failureOf(thrown));
          if (waitMs === undefined) throw thrown;
          await until(new Promise<void>((resolve) => (waitTimer = setTimeout(resolve, waitMs))));
        }
      }
    } catch (thrown) {
      let last = failureOf(thrown);
      try {
        if (failedHeader !== undefined) ignoreResult(options.onHeader?.(failedHeader));
        tellTrailer();
      } catch (error) {
        last = { error, origin: "local" };
      }
      code = codeOf(last.error);
      throw isLeft ? thrown : failed(last);
    } finally {
      end();
      retry?.ended(context, code);
      for (const phases of begun) guarded(undefined, () => ignoreResult(phases.ended?.(context, code)));
    }
  };
  return {
    messages: run(),
    leave() {
      isLeft = true;
      fail(abortError());
    },
  };
}
