import type { PeerCertificate } from "node:tls";
import type { ServerError } from "nice-grpc-common";
import type { CallScope } from "./call-scope.js";
import type { StreamHost } from "./server-stream.js";

/** The connection that a call came on, with what the call asks of it. */
export interface CallHost extends StreamHost {
  /** The client's address, `host:port`. */
  readonly peer: string;
  /** The client's certificate, if it was verified. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** Set when the connection is over. */
  readonly end: object | undefined;
  /** The error that ends calls that answer with a stream, if they are to end. */
  readonly endReason: ServerError | undefined;
  /** The number of handlers that run on although their calls are over. */
  abandoned: number;
  /** Where a new call is to run. */
  openScope(): CallScope | undefined;
}
