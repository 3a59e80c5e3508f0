import type { PeerCertificate } from "node:tls";
import type { ServerError } from "nice-grpc-common";
import type { CallScope } from "./call-scope.js";
import type { StreamSettings } from "./server-stream.js";

/** What a call asks of the connection that it came on. */
export interface CallHost extends StreamSettings {
  /** The client's address, `host:port`. */
  readonly peer: string;
  /** The client's certificate, if it was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** Set when the connection is over. */
  readonly end: object | undefined;
  /** What ends calls that answer with a stream, if they are to end. */
  readonly endReason: ServerError | undefined;
  /** Where a new call is to run. */
  openScope(): CallScope | undefined;
}
