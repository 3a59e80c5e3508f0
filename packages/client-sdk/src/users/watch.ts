import type { UserEvent, WatchRequest } from "@callwire/contracts/users";
import { Status } from "nice-grpc-common";
import type { ClientCallOptions } from "../call-options.js";
import type { CallError } from "../errors/call-error.js";
import { type Resumable, resumeStream } from "../resumable/resumable.js";
import { isResumable as isCutOff, type Resume } from "../resumable/resumed-stream.js";
import type { Watches } from "../resumable/watches.js";

/** Options of a watch. */
export interface WatchOptions extends Omit<ClientCallOptions, "retry" | "stallTimeoutMs"> {
  /** The time that the watch may take, over all connections, in milliseconds; then DEADLINE_EXCEEDED. Default: no limit. */
  timeoutMs?: number;
  /** Yields heartbeats too. Default: false. */
  heartbeats?: boolean;
  /**
   * The time without any event after which a connection counts as lost, in milliseconds; `Infinity` for never. Default: 60,000, four
   * of the server's heartbeats.
   */
  stallTimeoutMs?: number;
  /** Called when a connection is lost, before the wait for the next one. If it throws, the watch ends with that error. */
  onResume?: (resume: Resume) => void;
}

/** Opens one connection of a watch. */
export type Connect = (
  request: Partial<WatchRequest>,
  options: ClientCallOptions,
) => AsyncIterable<UserEvent>;

/** The time without an event after which a connection counts as lost, in milliseconds. */
const STALL_TIMEOUT_MS = 60_000;

/** Pure: true if a watch that ended so is worth resuming. A watcher that was too slow for the server's buffer can go on too. */
export function isResumable(error: CallError): boolean {
  const { code, details } = error;
  if (code === Status.RESOURCE_EXHAUSTED && details.errorInfo?.reason === "WATCHER_TOO_SLOW") return true;
  return isCutOff(error);
}

/** Watches users over as many connections as it takes; `watches` are those that end with the client. */
export function watchUsers(
  connect: Connect,
  watches: Watches,
  request: Partial<WatchRequest>,
  watchOptions: WatchOptions,
): Resumable<UserEvent> {
  const { heartbeats = false, stallTimeoutMs = STALL_TIMEOUT_MS, ...options } = watchOptions;
  return resumeStream((resumeToken = "", callOptions) => connect({ ...request, resumeToken }, callOptions), {
    ...options,
    stallTimeoutMs,
    token: request.resumeToken ?? "",
    tokenOf: (event) => event.resumeToken,
    isForReader: ({ eventType }) => heartbeats || eventType !== "heartbeat",
    isResumable,
    method: "users.UserService/WatchUsers",
    watches,
  });
}
