import type { Exchange } from "../http/exchange.js";

/** A path that the edge answers by itself: no method is called, and no middleware is passed, unless it says so. */
export interface Place {
  /** The whole path, as `/healthz`. */
  readonly path: string;
  /** The option that has put it there, as errors name it. */
  readonly option: string;
  /** The methods of HTTP that it answers. It has the path for itself: all others are refused. */
  readonly httpMethods: readonly string[];
  /** True if it answers by any host, whatever the option `hosts` says. Default: false. */
  readonly isForAnyHost?: boolean;
  /**
   * Answers a request by one of its methods. What it rejects with is a mistake of ours.
   *
   * @throws {EdgeError} for a request that is refused.
   */
  serve(exchange: Exchange): Promise<void> | undefined;
}

/** The methods of a place that is read. */
export const READ: readonly string[] = ["GET", "HEAD"];
