import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "./exchange.js";

/** Which pages of other origins may call the edge (WHATWG Fetch, "CORS protocol"). */
export interface CorsOptions {
  /** The origins, as `https://app.example.com`. `*` is any, and then credentials are never allowed. */
  readonly origins: readonly string[];
  /** True if pages may send cookies and read the answers then. Default: false. */
  readonly credentials?: boolean;
  /** The time that browsers remember the answer to a preflight, in seconds. Default: 600. */
  readonly maxAgeSeconds?: number;
}

const DEFAULT_MAX_AGE_SECONDS = 600;

/** @throws {TypeError} for what is no origin. */
export function checkCors({ origins, credentials = false }: CorsOptions): void {
  for (const origin of origins) {
    if (origin === "*") {
      if (credentials)
        throw new TypeError("createEdge: cors: credentials are not for any origin: name the origins");
      continue;
    }
    let parsed: string | undefined;
    try {
      parsed = new URL(origin).origin;
    } catch {
      // Told below.
    }
    if (parsed !== origin)
      throw new TypeError(
        `createEdge: cors: ${JSON.stringify(origin)} is no origin, as https://example.com is`,
      );
  }
}

/** What CORS adds to an exchange. */
export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #credentials: boolean;
  readonly #maxAgeSeconds: number;
  readonly #requestHeaders: string;
  readonly #responseHeaders: string;

  /** @param requestHeaders The fields that a page may send. @param responseHeaders Those that it may read. */
  constructor(
    { origins, credentials = false, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS }: CorsOptions,
    requestHeaders: readonly string[],
    responseHeaders: readonly string[],
  ) {
    this.#origins = new Set(origins);
    this.#credentials = credentials;
    this.#maxAgeSeconds = maxAgeSeconds;
    this.#requestHeaders = requestHeaders.join(", ");
    this.#responseHeaders = responseHeaders.join(", ");
  }

  /** The fields of an answer; none for an origin that is not allowed, but that the answer is for one origin alone. */
  headers(origin: string | undefined): string[] {
    const isAny = this.#origins.has("*");
    const vary = isAny ? [] : ["vary", "origin"];
    if (!this.allows(origin)) return vary;
    const allowed = isAny ? "*" : origin;
    const fields = ["access-control-allow-origin", allowed, ...vary];
    if (this.#credentials) fields.push("access-control-allow-credentials", "true");
    fields.push("access-control-expose-headers", this.#responseHeaders);
    return fields;
  }

  /**
   * The answer to a preflight; undefined if the request is none.
   *
   * @param allowed The methods of the path.
   * @throws {EdgeError} if the origin is not allowed.
   */
  preflight(exchange: Exchange, allowed: readonly string[]): string[] | undefined {
    if (!isPreflight(exchange)) return undefined;
    if (!this.allows(exchange.header("origin"))) throw originNotAllowed(exchange);
    return [
      "access-control-allow-methods",
      allowed.join(", "),
      "access-control-allow-headers",
      this.#requestHeaders,
      "access-control-max-age",
      String(this.#maxAgeSeconds),
    ];
  }

  /** True if pages may send cookies, and be heard with them. */
  get takesCredentials(): boolean {
    return this.#credentials;
  }

  /** True for an origin that may call. */
  allows(origin: string | undefined): origin is string {
    return origin !== undefined && (this.#origins.has(origin) || this.#origins.has("*"));
  }
}

/** True for a request by which a browser asks what a page may send (WHATWG Fetch, "CORS-preflight request"). */
export function isPreflight(exchange: Exchange): boolean {
  return (
    exchange.method === "OPTIONS" &&
    exchange.header("origin") !== undefined &&
    exchange.header("access-control-request-method") !== undefined
  );
}

/**
 * True unless a page of another origin sends a request, and that origin may not: where the browser does not ask first.
 *
 * @param cors Undefined if no other origin may.
 */
export function mayCall(exchange: Exchange, cors: Cors | undefined): boolean {
  const origin = exchange.header("origin");
  return origin === undefined || isSameOrigin(origin, exchange.authority) || cors?.allows(origin) === true;
}

/** The most characters of an origin that an error shows. */
const MAX_SHOWN = 100;

/** The error for a page that may not call, for those who read it beside the browser's own. */
export function originNotAllowed(exchange: Exchange): EdgeError {
  const origin = (exchange.header("origin") ?? "").slice(0, MAX_SHOWN);
  const text = `pages of ${origin} may not call: the edge's option cors lists the origins that may`;
  return new EdgeError("ORIGIN_NOT_ALLOWED", text);
}

/** True for an origin of the same host. Of the scheme nothing is known behind a proxy. */
export function isSameOrigin(origin: string, authority: string): boolean {
  try {
    return new URL(origin).host === authority.toLowerCase();
  } catch {
    return false;
  }
}
