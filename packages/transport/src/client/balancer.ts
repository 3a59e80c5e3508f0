import type { ClientConnection } from "./client-connection.js";
import type { ConnectivityState } from "./connectivity-state.js";

/** Finds a channel's calls their connections. */
export interface Balancer {
  readonly state: ConnectivityState;
  /** Why the last attempt to connect failed. */
  readonly error: string;
  readonly connections: readonly ClientConnection[];
  /** A connection that has room for a call, if there is one. */
  pick(): ClientConnection | undefined;
  /** Somebody waits for a connection: begins to open one, unless that is under way or must wait. */
  connect(): void;
  /** Closes the connections that have no calls. */
  closeIdle(idleSince: number): void;
  /** Closes the connections as their calls end, and opens no more. */
  close(): void;
}

/** Hears of a {@link Balancer}. */
export interface BalancerListener {
  /** Its state may have changed. */
  onChange(): void;
  /** A connection may have room for another call. */
  onRoom(): void;
  /** The server wants fewer PINGs (gRPC A8). */
  onTooManyPings(): void;
}
