import type { UserEvent, WatchRequest } from "@callwire/contracts/users";
import { Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../client-options.js";
import { CallError } from "../errors/call-error.js";
import { onAbort, sleep } from "../internal/abort.js";
import { backoffMs } from "../internal/backoff.js";
import type { RunningCalls } from "../internal/running-calls.js";

/** What {@link WatchOptions.onResume} is told. */
export interface Resume {
  /** How many connections in a row have failed since the last event: 1 for the first. */
  attempt: number;
  /** Why the last one ended. */
  error: CallError;
}

/** Options of a watch. */
export interface WatchOptions extends Omit<ClientCallOptions, "retry"> {
  /** For how long to watch, over all connections, in milliseconds; then DEADLINE_EXCEEDED. Default: no limit. */
  timeoutMs?: number;
  /** Whether to yield heartbeats too. Default: false. */
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
export type OpenWatch = (
  request: Partial<WatchRequest>,
  options: ClientCallOptions,
) => AsyncIterable<UserEvent>;

const method = "users.UserService/WatchUsers";

/** By gRPC's connection-backoff document, with the ceiling that the channel has too. */
const backoff = { initialMs: 1_000, maxMs: 20_000, multiplier: 1.6 };

/** setTimeout takes no more. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Pure: whether a watch that ended so is worth resuming. Asked only if nobody on this side ended it, so that CANCELLED comes
 * from the server: grpc-js has it when a server destroys its connections. A killed server is UNAVAILABLE, and a stream
 * that was cut off in other ways is INTERNAL with the text below, which is grpc-js's.
 */
export function isResumable({ code, description, details }: CallError): boolean {
  if (code === Status.UNAVAILABLE || code === Status.CANCELLED) return true;
  if (code === Status.INTERNAL) return description.startsWith("Received RST_STREAM");
  return code === Status.RESOURCE_EXHAUSTED && details.errorInfo?.reason === "WATCHER_TOO_SLOW";
}

/** One connection. It fails with UNAVAILABLE if nothing comes while somebody waits for it. */
async function* connection(
  open: (signal: AbortSignal) => AsyncIterable<UserEvent>,
  lifetime: AbortSignal,
  stallTimeoutMs: number,
): AsyncGenerator<UserEvent, void, undefined> {
  const controller = new AbortController();
  const stall = () => {
    const description = `no event for ${stallTimeoutMs} ms`;
    controller.abort(new CallError({ code: Status.UNAVAILABLE, description, method }));
  };
  let timer: NodeJS.Timeout | undefined;
  const off = onAbort(lifetime, () => controller.abort(lifetime.reason));
  const events = open(controller.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      if (stallTimeoutMs <= maxTimerMs) timer = setTimeout(stall, stallTimeoutMs);
      const { done, value } = await events.next();
      clearTimeout(timer);
      if (done) return;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    off();
    await events.return?.();
  }
}

/** Watches over as many connections as it takes, each from where the last one ended. */
export async function* watch(
  open: OpenWatch,
  running: RunningCalls,
  request: Partial<WatchRequest>,
  { heartbeats = false, stallTimeoutMs = 60_000, onResume, timeoutMs, signal, ...options }: WatchOptions,
): AsyncGenerator<UserEvent, void, undefined> {
  const fail = (code: Status, description: string) =>
    new CallError({ code, description, method, requestId: options.requestId });
  if (!(stallTimeoutMs > 0)) {
    throw fail(Status.INVALID_ARGUMENT, `stallTimeoutMs is ${stallTimeoutMs}: it must be more than 0`);
  }
  const end = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;

  const lifetime = new AbortController();
  const cancel = () => lifetime.abort(fail(Status.CANCELLED, "the client is closed"));
  const off = signal && onAbort(signal, () => lifetime.abort(signal.reason));
  running.add(cancel);
  try {
    let resumeToken = request.resumeToken ?? "";
    let attempt = 0;
    for (;;) {
      lifetime.signal.throwIfAborted();
      const connect = (connected: AbortSignal) =>
        open(
          { ...request, resumeToken },
          {
            ...options,
            signal: connected,
            // The first is the caller's own, to be checked; the others are what is left of it.
            ...(timeoutMs !== undefined && {
              timeoutMs: attempt === 0 ? timeoutMs : Math.max(end - performance.now(), 1),
            }),
          },
        );
      try {
        for await (const event of connection(connect, lifetime.signal, stallTimeoutMs)) {
          attempt = 0;
          resumeToken = event.resumeToken;
          if (heartbeats || event.eventType !== "heartbeat") yield event;
        }
        return;
      } catch (error) {
        if (lifetime.signal.aborted) throw lifetime.signal.reason;
        if (!(error instanceof CallError) || !isResumable(error)) throw error;
        attempt += 1;
        onResume?.({ attempt, error });
      }
      const waitMs = backoffMs(backoff, attempt);
      if (performance.now() + waitMs >= end) {
        await sleep(Math.max(end - performance.now(), 0), lifetime.signal);
        throw fail(Status.DEADLINE_EXCEEDED, `not done after ${timeoutMs} ms`);
      }
      await sleep(waitMs, lifetime.signal);
    }
  } finally {
    off?.();
    running.delete(cancel);
  }
}
