import type { Status } from "nice-grpc-common";
import type { ClientConnection } from "./client-connection.js";

/** A call as its channel sees it: it wants a connection for its next attempt. */
export interface ChannelCall {
  /** True if it waits for a connection as long as that takes. */
  readonly waitForReady: boolean;
  /** There is a connection, and it has room: the attempt begins. */
  begin(connection: ClientConnection): void;
  /** There is no connection, and will be none for a while: the attempt fails with this status. */
  fail(code: Status, details: string): void;
  /** The channel takes no calls: the call fails with this error. */
  cancel(error: unknown): void;
}
