import type { ClientPhases, FailureOrigin } from "@callwire/transport/seam";
import {
  type CallOptions,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  type Metadata,
  type MethodDescriptor,
  Status,
} from "nice-grpc-common";
import { sleep, untilAborted } from "../internal/abort.js";
import { inCallersContext } from "../internal/callers-context.js";
import { CallLifetime, type Failure } from "../internal/call-lifetime.js";
import {
  clientError,
  codeOf,
  isClientError,
  requestsFailed,
  withReadableCode,
} from "../internal/client-errors.js";
import { ignoreResult } from "../internal/ignore-result.js";
import { reportBug } from "../internal/report-bug.js";
import { type RequestStream, type RequestStreamHooks, requestStream } from "../internal/request-stream.js";
import { PhasedContext } from "./phased-context.js";

/** One call that runs, for a {@link PhasedHost}. */
export interface PhasedCall {
  context: PhasedContext;
  lifetime: CallLifetime;
}

/** The parts that a runtime adds to calls that run their phases in a nice-grpc middleware. */
export interface PhasedHost {
  /** The way in which a call failed, by what its `next` threw. */
  originOf(thrown: unknown): FailureOrigin;
  /** True if no server has seen an attempt, by what its `next` threw. Default: never. */
  isUnseen?(thrown: unknown): boolean;
  /** A call begins, before its phases do. The function that it returns is called at the end, perhaps twice. */
  onCall?(call: PhasedCall): () => void;
  /** The callbacks for the requests of a call that streams them. */
  requestHooks?(call: PhasedCall): Partial<RequestStreamHooks>;
  /** A message of the response has come, or with false: it is being read by the caller. */
  onWaiting?(call: PhasedCall, waits: boolean): void;
  /**
   * The header of a response has come, or the trailers of one that has no header. What it throws fails the call.
   */
  onResponseMetadata?(call: PhasedCall, metadata: Metadata): void;
  /** The method as its definition has it: nice-grpc passes on no options of some definitions. Default: the call's. */
  methodOf?(method: MethodDescriptor): MethodDescriptor;
  /** Codes messages, where `next` takes and gives bytes. */
  coder?: {
    encode(method: MethodDescriptor, message: unknown): unknown;
    decode(method: MethodDescriptor, bytes: unknown): unknown;
  };
}

/** The result of `next`, of whatever shape the call is. */
type Next = (request: unknown, options: CallOptions) => AsyncGenerator<unknown, unknown, undefined>;

/** Reads what the error says of itself: the runtimes of this SDK note it there. */
function notedOrigin(thrown: unknown): FailureOrigin {
  if (!isClientError(thrown)) return "local";
  return (thrown as { origin?: FailureOrigin }).origin ?? "status";
}

const noPhases: ClientPhases = {};

/**
 * Makes a nice-grpc middleware that runs the phases of each method around its calls: with what it takes for that of timers
 * and signals, since nice-grpc knows no deadlines and no attempts.
 */
export function phasedMiddleware(
  phasesOf: (method: MethodDescriptor) => ClientPhases | undefined,
  host: PhasedHost = { originOf: notedOrigin },
): ClientMiddleware {
  async function* phased(
    call: ClientMiddlewareCall<unknown, unknown>,
    options: CallOptions,
  ): AsyncGenerator<unknown, unknown, undefined> {
    const method = host.methodOf?.(call.method) ?? call.method;
    const phases = phasesOf(method) ?? noPhases;
    const context = new PhasedContext(method, options);
    const lifetime = new CallLifetime();
    const running = { context, lifetime };
    const off = host.onCall?.(running);
    // That of a reader who leaves.
    let code: Status = Status.CANCELLED;
    let requests: RequestStream | undefined;
    try {
      ours(lifetime, () => phases.began?.(context));
      requests = call.requestStream ? sendable(call.request, phases, running, host) : undefined;
      // Also while nobody waits for the response: the reader of a stream may never come back.
      if (call.requestStream || call.responseStream) {
        lifetime.signal.addEventListener("abort", () => {
          requests?.end();
          off?.();
        });
      }
      begin(running);
      // At once: its owner may change it while the call waits. So an attempt that follows sends the same, too.
      const first = requests === undefined ? sent(phases.request, call.request, running, host) : undefined;
      for (;;) {
        try {
          context.beginAttempt();
          await attempt(phases, running);
          const request = requests?.requests ?? first;
          const responses = (call.next as Next)(request, attemptOptions(running, requests, host));
          const response = call.responseStream
            ? yield* streamed(responses, phases, running, host)
            : received(phases.response, yield* responses, running, host);
          ours(lifetime, () => context.tellTrailer());
          code = Status.OK;
          return response;
        } catch (thrown) {
          const failure = failureOf(thrown, running, host);
          context.isUnseen = lifetime.failure === undefined && host.isUnseen?.(thrown) === true;
          const waitMs = retryAfter(failure, phases, running);
          if (waitMs === undefined) throw failure.error;
          await sleep(waitMs, lifetime.signal).catch(() => {});
        }
      }
    } catch (thrown) {
      let { error, origin } = failureOf(thrown, running, host);
      try {
        context.tellTrailer();
      } catch (wrong) {
        error = wrong;
        origin = "local";
      }
      code = codeOf(error);
      throw phases.failed === undefined
        ? error
        : guarded(error, () => phases.failed!(error, origin, context));
    } finally {
      lifetime.end();
      requests?.end();
      off?.();
      guarded(undefined, () => phases.ended?.(context, code));
    }
  }
  return phased as ClientMiddleware;
}

/** Runs what this side does for a call: what it throws ends the call. */
function ours<Result>(lifetime: CallLifetime, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    lifetime.fail(error, "local");
    throw error;
  }
}

/** A phase's result for a message. */
function mapped(
  phase: ClientPhases["request"],
  message: unknown,
  { context, lifetime }: PhasedCall,
): unknown {
  return phase === undefined ? message : ours(lifetime, () => phase(message, context));
}

/** A request as it is sent: after its phase, and encoded. */
function sent(
  phase: ClientPhases["request"],
  message: unknown,
  running: PhasedCall,
  { coder }: PhasedHost,
): unknown {
  const passed = mapped(phase, message, running);
  const { context, lifetime } = running;
  return coder === undefined ? passed : ours(lifetime, () => coder.encode(context.method, passed));
}

/** A response for its reader: decoded, and after its phase. */
function received(
  phase: ClientPhases["response"],
  message: unknown,
  running: PhasedCall,
  { coder }: PhasedHost,
): unknown {
  const { context, lifetime } = running;
  // Of a middleware that breaks its rules, nice-grpc says so.
  const decoded =
    coder === undefined || message == null
      ? message
      : ours(lifetime, () => coder.decode(context.method, message));
  return mapped(phase, decoded, running);
}

/** The result of a phase that must not throw. */
function guarded<Result>(otherwise: Result, phase: () => Result): Result {
  try {
    return phase();
  } catch (bug) {
    reportBug(bug);
    return otherwise;
  }
}

/** Begins an attempt, unless the call was ended from outside. */
async function attempt(phases: ClientPhases, { context, lifetime }: PhasedCall): Promise<void> {
  const ready = ours(lifetime, () => phases.attempted?.(context));
  if (ready !== undefined) {
    await untilAborted(ready, lifetime.signal).catch((error: unknown) => {
      lifetime.fail(error, "local");
    });
  }
  if (lifetime.failure !== undefined) throw lifetime.failure.error;
}

/** Lets the signal and the deadline end the call. */
function begin({ context, lifetime }: PhasedCall): void {
  const { deadlineMs, method, options } = context;
  if (options.signal !== undefined) lifetime.follow(options.signal);
  if (deadlineMs === Infinity) return;
  lifetime.limit(deadlineMs, () => {
    const late = clientError(method.path, Status.DEADLINE_EXCEEDED, "the deadline passed", "deadline");
    lifetime.fail(late, "deadline");
  });
}

/** The requests, ended with the call, and a source's error as a ClientError. */
function sendable(
  source: AsyncIterable<unknown>,
  phases: ClientPhases,
  running: PhasedCall,
  host: PhasedHost,
): RequestStream {
  const { context } = running;
  return requestStream(source, {
    wrap: (thrown) => requestsFailed(context.method.path, thrown),
    ...((phases.request !== undefined || host.coder !== undefined) && {
      map: (message: unknown) => sent(phases.request, message, running, host),
    }),
    ...host.requestHooks?.(running),
  });
}

/** Pure: true for the header of a proxy's page, such as HTML with 502. No server has answered then. */
function isPage(header: Metadata): boolean {
  const type = header.get("content-type");
  return type !== undefined && !type.startsWith("application/grpc");
}

/** The options of the present attempt. */
function attemptOptions(
  running: PhasedCall,
  requests: RequestStream | undefined,
  host: PhasedHost,
): CallOptions {
  const { context, lifetime } = running;
  const { options } = context;
  // Called by the socket's reader: in the caller's async context only if it is bound to that.
  const onHeader = options.onHeader && inCallersContext(options.onHeader.bind(options));
  const fail = (error: unknown) => lifetime.fail(error, "local");
  return {
    ...options,
    metadata: ours(lifetime, () => context.outgoing()),
    signal: lifetime.signal,
    onHeader(header: Metadata) {
      if (isPage(header)) return;
      context.isCommitted = true;
      try {
        host.onResponseMetadata?.(running, header);
        ignoreResult(onHeader?.(header), fail);
      } catch (error) {
        fail(error);
      }
    },
    onTrailer(trailer: Metadata) {
      context.onTrailer(trailer);
      try {
        if (!context.isCommitted) host.onResponseMetadata?.(running, trailer);
      } catch (error) {
        fail(error);
      }
      requests?.end();
    },
  };
}

/** The messages of the response. */
async function* streamed(
  responses: AsyncGenerator<unknown, unknown, undefined>,
  phases: ClientPhases,
  running: PhasedCall,
  host: PhasedHost,
): AsyncGenerator<unknown, void, undefined> {
  const { context } = running;
  host.onWaiting?.(running, true);
  for await (const response of responses) {
    context.isCommitted = true;
    host.onWaiting?.(running, false);
    yield received(phases.response, response, running, host);
    host.onWaiting?.(running, true);
  }
}

/** The way in which the call failed: by what ended it from outside, or by what was thrown. */
function failureOf(thrown: unknown, { context, lifetime }: PhasedCall, host: PhasedHost): Failure {
  if (lifetime.failure !== undefined) return lifetime.failure;
  const error = withReadableCode(context.method.path, thrown);
  return { error, origin: host.originOf(error) };
}

/** The time to wait before another attempt; undefined for none. */
function retryAfter(
  { error, origin }: Failure,
  phases: ClientPhases,
  { context, lifetime }: PhasedCall,
): number | undefined {
  if (context.method.requestStream || context.isCommitted || lifetime.failure !== undefined) return undefined;
  if (origin === "local") return undefined;
  return guarded(undefined, () => phases.retryAfterMs?.(error, origin, context));
}
