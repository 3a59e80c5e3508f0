import type { IncomingMessage } from "node:http";

/** What is wrong with the head of a request. */
export interface HeadFault {
  /** The name by which an edge tells it. */
  readonly reason: "BAD_HEADER" | "TRANSFER_CODING_NOT_TAKEN" | "VERSION_NOT_SERVED";
  readonly status: number;
  readonly message: string;
}

/**
 * What is wrong with a head that node:http lets pass, and that a proxy before it may read otherwise (RFC 9112, sections 2.3, 3.2 and
 * 6.1). The connection must end with the answer: what comes behind it may be no request.
 */
export function headFault({ httpVersion, headers, rawHeaders }: IncomingMessage): HeadFault | undefined {
  if (httpVersion !== "1.1" && httpVersion !== "1.0")
    return {
      reason: "VERSION_NOT_SERVED",
      status: 505,
      message: `HTTP/${httpVersion} is not served so: send HTTP/1.1`,
    };
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return {
      reason: "TRANSFER_CODING_NOT_TAKEN",
      status: 501,
      message: "transfer-encoding must be chunked, if there is one",
    };
  if (coding !== undefined && httpVersion === "1.0")
    return badHeader("transfer-encoding is not of HTTP/1.0: send HTTP/1.1");
  if (!HOST.test(headers.host ?? "")) return badHeader("host is no name or address, with a port or without");
  return hasTwoHosts(rawHeaders) ? badHeader("host is there twice") : undefined;
}

/** A name or an address, with a port or without (RFC 3986, sections 3.2.2 and 3.2.3); it may be empty. */
const HOST = /^(?:\[[^\s[\]/?#@]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/;

function badHeader(message: string): HeadFault {
  return { reason: "BAD_HEADER", status: 400, message };
}

/** Of two, node:http takes the first. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1;
}
