import { socketErrorText } from "../http2/plain-text.js";

/** The least time between two reports of one kind, in milliseconds: whoever probes a port is not to fill the log. */
const REPORT_INTERVAL_MS = 60_000;

/** The first byte of TLS: a record of a handshake (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16;

/** The codes by which OpenSSL says that what came is no TLS. */
const NO_TLS = new Set([
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_HTTPS_PROXY_REQUEST",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_UNKNOWN_PROTOCOL",
  "ERR_SSL_WRONG_VERSION_NUMBER",
]);

/** Pure: the mistake of a client whose TLS failed; undefined if it is nobody's, such as a probe of the port. */
export function tlsProblem(error: NodeJS.ErrnoException): string | undefined {
  const { code = "" } = error;
  if (NO_TLS.has(code)) return "a client spoke clear text to this port, which takes TLS: give the client TLS";
  if (code.includes("PEER_DID_NOT_RETURN_A_CERTIFICATE")) return "a client showed no certificate, and must";
  if (code.includes("ALERT_UNKNOWN_CA") || code.includes("ALERT_BAD_CERTIFICATE")) {
    return "a client does not trust this server's certificate: give the client its authority";
  }
  return code.startsWith("ERR_SSL_") ? `TLS with a client failed: ${socketErrorText(error)}` : undefined;
}

/** True if bytes begin a handshake of TLS. */
export function isTlsHandshake(first: Buffer): boolean {
  return first[0] === TLS_HANDSHAKE;
}

/** Pure: the mistake of a client by the first bytes that it sent, which are not those of HTTP/2. */
export function prefaceProblem(first: Buffer): string | undefined {
  if (isTlsHandshake(first)) {
    return "a client spoke TLS to this port, which is in clear text: give the server a certificate, or the client no TLS";
  }
  if (/^[A-Z]{3,10} \S+ HTTP\/1/.test(first.toString("latin1", 0, 256))) {
    return "a client spoke HTTP/1.1 to this port, which takes gRPC over HTTP/2";
  }
  return undefined;
}

/** The problem of a connection that was closed because there were so many others. */
export function tooManyConnections(max: number): string {
  return `a connection was closed at once, as ${max} are open, which is the limit maxConnections: raise it, or see who holds them`;
}

/** Passes problems on, each kind at most once a minute. */
export class ConnectionProblems {
  readonly #listener: (problem: Error) => void;
  readonly #reportedAt = new Map<string, number>();

  constructor(listener: (problem: Error) => void) {
    this.#listener = listener;
  }

  /** @param peer The client's address, if it is known. */
  report(problem: string | undefined, peer: string | undefined): void {
    if (problem === undefined) return;
    const now = performance.now();
    if (now - (this.#reportedAt.get(problem) ?? -Infinity) < REPORT_INTERVAL_MS) return;
    this.#reportedAt.set(problem, now);
    try {
      const result: unknown = this.#listener(
        new Error(peer === undefined ? problem : `${problem} (${peer})`),
      );
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // A listener's mistake is not the server's.
    }
  }
}
