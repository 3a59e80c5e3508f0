import { noRequestStreams } from "#checks";
import type { ClientPhases, FailureOrigin } from "@callwire/transport/seam";
import { Metadata, Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import { CallError } from "../errors/call-error.js";
import { abortError, onAbort } from "../internal/abort.js";
import { clientError, codeOf, type OriginError } from "../internal/client-errors.js";
import { errorText } from "../internal/error-text.js";
import { ignoreResult } from "../internal/ignore-result.js";
import { randomUuid } from "../internal/random-uuid.web.js";
import { reportBug } from "../internal/report-bug.js";
import { requestIdKey } from "../internal/request-id-key.js";
import type { RetryPolicy } from "../internal/retry-policy.js";
import type { TokenSource } from "../middleware/bearer-token.js";
import { type AttemptOptions, fetchAttempt } from "./fetch-attempt.js";
import { fieldsOf } from "./metadata.js";
import type { RequestStream } from "./request-body.js";
import type { WebMethod } from "./web-methods.js";

// The pipeline of the client for browsers: one function in place of the SDK's list of middleware and the phases that they are compiled
// into, of which a bundle would have all. It does the same in the same order.

/** The longest time that a timer takes, in milliseconds. */
const MAX_TIMER_MS = 0x7fffffff;

const timer = (run: () => void, ms: number) => setTimeout(run, Math.min(ms, MAX_TIMER_MS));

/** The parts of a client that its calls share. */
export interface CallSettings extends AttemptOptions {
  /** The application's own, outermost first. */
  middleware: readonly ClientPhases[];
  metadata: Metadata;
  retry: RetryPolicy | undefined;
  timeoutMs: number;
  token?: TokenSource;
  /** Aborted when the client is closed. */
  closed: AbortSignal;
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

/** The result of a phase that must not throw. */
function guarded<Result>(otherwise: Result, run: () => Result): Result {
  try {
    return run();
  } catch (bug) {
    reportBug(bug);
    return otherwise;
  }
}

/** A text that a header field takes. Throws a TypeError if it is none, without showing it: it may be a token. */
function checkedText(name: string, text: string): string {
  if (typeof text === "string" && /^[!-~]+$/.test(text)) return text;
  throw new TypeError(`${name} must be printable ASCII without spaces`);
}

/** Makes a call of a method: its attempts, and what is done around them. */
export function callOf(
  settings: CallSettings,
  { descriptor: method, encode, decode }: WebMethod,
  request: unknown,
  options: ClientCallOptions,
): Call {
  const { fetch, middleware, metadata: defaults, protocol, retry, timeoutMs, token, closed } = settings;
  const { path, requestStream } = method;
  const { deadline = Infinity, signal, timeoutMs: ownTimeoutMs } = options;
  const controller = new AbortController();
  /** What ended the call from outside of its attempt. */
  let failure: Failure | undefined;
  let isLeft = false;
  let limitTimer: ReturnType<typeof setTimeout> | undefined;
  let waitTimer: ReturnType<typeof setTimeout> | undefined;
  const unfollow: (() => void)[] = [];
  let requests: RequestStream | undefined;
  /** The header and the trailers of the last attempt, as far as the caller was not told of them. */
  let untold: [header?: Metadata | undefined, trailer?: Metadata] = [];
  /** True if there is no token to send, or the caller's own metadata has one. */
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
    trailer: Metadata(),
  };
  let interrupt!: (error: unknown) => void;
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  interrupted.catch(() => {});

  /** Lets go of all that outlives the call. Its generator cannot: nobody may ask it for another message. */
  const end = () => {
    clearTimeout(limitTimer);
    clearTimeout(waitTimer);
    unfollow.forEach((each) => each());
    requests?.end();
  };
  /** Ends the call. Only the first failure counts. */
  const fail = (error: unknown, origin: FailureOrigin = "local") => {
    if (failure) return;
    failure = { error, origin };
    controller.abort(error);
    interrupt(error);
    end();
  };
  const failWith = (code: Status, why: string, origin: FailureOrigin = "local", cause?: unknown) =>
    fail(clientError(path, code, why, origin, cause), origin);
  /** Ends the call because of something that was thrown on this side. */
  const failBecause = (cause: unknown, code: Status, what: string) =>
    failWith(code, what + errorText(cause), "local", cause);
  const check = () => {
    if (failure) throw failure.error;
  };
  /** Waits, no longer than the call lasts. */
  const until = <Result>(promise: Result | Promise<Result>) => Promise.race([promise, interrupted]);
  // An error of an attempt says where it came from.
  const failureOf = (error: unknown): Failure =>
    failure ?? { error, origin: (error as Partial<OriginError>).origin ?? "local" };
  /** Runs what this side does for a call. What it throws ends the call, with a code and what failed if they are given. */
  const ours = <Result>(run: () => Result, code?: Status, what = ""): Result => {
    try {
      return run();
    } catch (error) {
      if (code) failBecause(error, code, what);
      else fail(error);
      throw error;
    }
  };

  const limit = () => {
    const leftMs = context.deadlineMs - performance.now();
    if (leftMs > 0) limitTimer = timer(limit, leftMs);
    else failWith(Status.DEADLINE_EXCEEDED, "the deadline passed", "deadline");
  };
  const begin = () => {
    const metadata = (context.metadata = Metadata([...defaults, ...Metadata(options.metadata)]));
    ours(() => {
      const id = options.requestId ?? metadata.get(requestIdKey) ?? randomUuid();
      metadata.set(requestIdKey, checkedText("requestId", id));
    }, Status.INVALID_ARGUMENT);
    for (const phases of middleware) {
      begun.unshift(phases);
      phases.began?.(context);
    }
    if (ownTimeoutMs !== undefined && !(ownTimeoutMs > 0))
      failWith(Status.INVALID_ARGUMENT, `timeoutMs is ${ownTimeoutMs}: it must be more than 0`);
    if (ownTimeoutMs !== undefined || context.deadlineMs === Infinity) {
      const limitMs = ownTimeoutMs ?? (requestStream || method.responseStream ? Infinity : timeoutMs);
      context.deadlineMs = Math.min(context.deadlineMs, performance.now() + limitMs);
    }
    unfollow.push(onAbort(closed, () => failWith(Status.CANCELLED, "the client is closed")));
    if (signal) unfollow.push(onAbort(signal, () => fail(abortError())));
    limit();
    check();
  };

  const encoded = (message: unknown): Uint8Array => {
    const sent = ours(() =>
      middleware.reduce(
        (passed, phases) => (phases.request ? phases.request(passed, context) : passed),
        message,
      ),
    );
    return ours(() => encode(sent), Status.INTERNAL, "a message cannot be encoded: ");
  };
  const decoded = (bytes: Uint8Array): unknown => {
    const message = ours(() => decode(bytes), Status.INTERNAL, "a response message cannot be decoded: ");
    return ours(() =>
      begun.reduce(
        (passed, phases) => (phases.response ? phases.response(passed, context) : passed),
        message,
      ),
    );
  };

  const attempt = async function* () {
    context.attempts++;
    context.isCommitted = false;
    context.trailer = Metadata();
    untold = [];
    try {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      for (const phases of middleware) await until(phases.attempted?.(context));
    } catch (error) {
      fail(error);
    }
    check();
    isAuthorized ??= token === undefined || context.metadata.has("authorization");
    try {
      if (!isAuthorized) {
        const given = await until(typeof token === "function" ? token() : token!);
        context.metadata.set("authorization", `Bearer ${checkedText("the token", given)}`);
      }
    } catch (error) {
      failBecause(error, Status.UNAUTHENTICATED, "no token could be had: ");
    }
    check();
    if (requestStream) {
      requests = protocol.streamRequests?.(request, encoded, (error) =>
        failBecause(error, Status.CANCELLED, "the requests could not be read: "),
      );
      if (!requests) {
        const why = noRequestStreams(protocol) ?? "requests cannot be streamed";
        failWith(Status.UNIMPLEMENTED, why);
        check();
      }
    }
    const leftMs = Math.max(1, Math.ceil(context.deadlineMs - performance.now()));
    yield* fetchAttempt(settings, method, {
      // One that an application gives may pass over the signal.
      fetch: (url, init) => until(fetch(url, init)),
      body: requests?.body ?? encoded(request),
      headers: { ...fieldsOf(context.metadata), ...protocol.fields(leftMs) },
      signal: controller.signal,
      onHeader(header) {
        context.isCommitted = true;
        ours(() => ignoreResult(options.onHeader?.(header), fail));
      },
      onEnd(trailer, header) {
        context.trailer = trailer;
        untold = [header, trailer];
      },
    });
  };

  /** Tells the caller of the end of the attempt that counts, once. */
  const tellEnd = () => {
    const [header, trailer] = untold;
    untold = [];
    if (header) ignoreResult(options.onHeader?.(header));
    if (trailer) ignoreResult(options.onTrailer?.(trailer));
  };
  const retryAfterMs = ({ error, origin }: Failure): number | undefined => {
    if (failure || origin === "local" || requestStream || context.isCommitted) return undefined;
    return guarded(undefined, () => {
      for (const phases of [retry, ...begun]) {
        const waitMs = phases?.retryAfterMs?.(error, origin, context);
        if (waitMs !== undefined) return waitMs;
      }
      return undefined;
    });
  };
  /** The error that the caller gets. */
  const failed = ({ error, origin }: Failure): unknown => {
    retry?.failed(error, origin, context);
    const passed = begun.reduce(
      (last, phases) => (phases.failed ? guarded(last, () => phases.failed!(last, origin, context)) : last),
      error,
    );
    if (origin === "local" && signal?.aborted) return signal.reason;
    const { metadata, trailer } = context;
    const requestId = metadata.get(requestIdKey);
    return CallError.from(passed, { method: path.slice(1), requestId, metadata: trailer, origin });
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
          ours(tellEnd);
          code = Status.OK;
          return;
        } catch (thrown) {
          const waitMs = retryAfterMs(failureOf(thrown));
          if (waitMs === undefined) throw thrown;
          await until(new Promise<void>((resolve) => (waitTimer = timer(resolve, waitMs))));
        }
      }
    } catch (thrown) {
      let last = failureOf(thrown);
      try {
        tellEnd();
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
