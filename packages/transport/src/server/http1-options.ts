import { rulesFrom } from "../grpc/option-rules.js";
import type { OptionRules } from "../grpc/check-options.js";

/** Bounds of each connection that speaks HTTP/1.1, where a server answers other HTTP beside gRPC. */
export interface Http1Options {
  /**
   * The time that the header of a request may take, in milliseconds. Over it: 408, and the connection ends. Default 10,000, as
   * `handshakeTimeoutMs` of HTTP/2.
   */
  headerTimeoutMs: number;
  /**
   * The time that a whole request may take, in milliseconds; a stream of requests is one. Over it: 408, and the connection ends.
   * Default 300,000.
   */
  requestTimeoutMs: number;
  /**
   * The time that a connection may wait for its next request, in milliseconds, unless `maxConnectionIdleMs` is shorter. Default
   * 65,000: load balancers close after 60 seconds, and it should be they who do.
   */
  keepAliveTimeoutMs: number;
  /** The header of a request, in bytes. Over it: 431, and the connection ends. Default 16 KiB. */
  maxHeaderBytes: number;
}

/** The defaults of {@link Http1Options}. */
export const defaultHttp1Options: Http1Options = {
  headerTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  keepAliveTimeoutMs: 65_000,
  maxHeaderBytes: 16 * 1024,
};

export const http1Rules: OptionRules = rulesFrom(defaultHttp1Options);
