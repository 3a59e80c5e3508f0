import type { CallOptions } from "@callwire/transport/seam";

/** Options of one call. */
export interface ClientCallOptions extends CallOptions {
  /**
   * The time that this call may take with all its attempts, in milliseconds; `Infinity` for no limit. More than 24.8 days count
   * as that. Default: the client's for calls that send one message and answer with one, otherwise none.
   */
  timeoutMs?: number;
  /**
   * The time that a call that streams its requests may make no progress because of the server, in milliseconds: it takes no
   * request that is ready to be sent, or has them all and does not answer. The call then fails with DEADLINE_EXCEEDED. Time
   * that the source of the requests takes does not count. `Infinity` for ever. Default: the client's.
   */
  stallTimeoutMs?: number;
  /** Sent as `x-request-id` and kept over retries; printable ASCII. Default: a new UUID. */
  requestId?: string;
  /**
   * True if this call may be sent again after UNAVAILABLE. Default: whether the contract gives its method an
   * `idempotency_level`. Calls that stream their requests never are.
   */
  retry?: boolean;
}
