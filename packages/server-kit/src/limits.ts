import type { ServerLimits } from "@callwire/transport/server";

/** The default limits of the kit's servers. Limits that are not here have their runtime's defaults. */
export const defaultServerLimits = {
  /** The largest message taken, in bytes; a larger one is RESOURCE_EXHAUSTED. 4 MiB, as every gRPC server has it. */
  maxReceiveMessageBytes: 4 << 20,
  /** The largest message sent, in bytes; a larger one is RESOURCE_EXHAUSTED. 64 MiB. */
  maxSendMessageBytes: 64 << 20,
  /** The number of calls that a connection may carry at once: a client waits for a free place, it is not refused. */
  maxConcurrentStreams: 10_000,
  /** The silence on a connection after which the server sends a PING, in milliseconds; it also reclaims dead connections. */
  keepaliveTimeMs: 60_000,
  /** The time that the answer to a PING may take before the connection ends, in milliseconds. */
  keepaliveTimeoutMs: 20_000,
  /** The time without calls after which a connection is closed, in milliseconds: 30 minutes. */
  maxConnectionIdleMs: 30 * 60_000,
} satisfies Partial<ServerLimits>;
