// What errors of the client for browsers say besides what happened, for whoever writes the page.
import type { WebProtocol } from "./web-protocol.js";

/** Why requests cannot be streamed, and what to do. */
export function noRequestStreams({ name }: WebProtocol): string | undefined {
  return name === "gRPC-Web"
    ? "gRPC-Web cannot stream requests: use the protocol connect, or send them by unary calls"
    : "this runtime's fetch cannot stream requests: send them by unary calls, or call from where it can, such as Node.js";
}

/** True if a page calls a server of another origin. */
function isForeign(url: string): boolean {
  const { location } = globalThis as { location?: { origin: string } };
  return location !== undefined && new URL(url).origin !== location.origin;
}

/** What may be the reason that `fetch` failed, where a browser says none. */
export function unreachableAdvice(url: string, requestStream: boolean): string | undefined {
  if (requestStream && "location" in globalThis) return " (browsers stream requests over HTTP/2 alone)";
  return isForeign(url) ? ", or its CORS policy does not allow this page" : undefined;
}

/** What stands behind a status that is none of an answer's: a browser shows nothing of a redirect, whose status is 0 there. */
export function redirectAdvice(status: number): string | undefined {
  return /^(0|3..)$/.test(String(status)) ? " (redirects are not followed)" : undefined;
}

/** What may be the reason that a response has no status: a response of gRPC-Web without messages has it in header fields. */
export function noStatusAdvice(url: string): string | undefined {
  return isForeign(url)
    ? ": its CORS policy must expose grpc-status and grpc-message to this page"
    : undefined;
}

/** What to do about a token that would leave this machine in clear text. */
export function clearTextAdvice(): string | undefined {
  return ": use https://, or set allowTokenInClear if the network is trusted";
}

/** The most frequent mistake in a source of requests. */
export function iterableAdvice(): string | undefined {
  return ": a generator is declared as async function*";
}
