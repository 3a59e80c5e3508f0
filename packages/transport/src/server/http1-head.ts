import type { IncomingMessage } from "node:http";

/** What is wrong with the head of a request. */
export interface HeadFault {
  readonly reason: "BAD_HEADER" | "TRANSFER_CODING_NOT_TAKEN" | "VERSION_NOT_SERVED";
  readonly status: number;
  readonly message: string;
}

/** Marks a request whose head has no fault: an edge on the port of gRPC need not look at it again. */
const checked = Symbol("callwire.headChecked");

/** What is wrong with a head that node:http lets pass (RFC 9112, sections 2.3, 3.2 and 6.1): its answer must be the last. */
export function headFault(request: IncomingMessage): HeadFault | undefined {
  const marked = request as IncomingMessage & { [checked]?: boolean };
  if (marked[checked] === true) return undefined;
  const found = faultOf(request);
  if (found === undefined) marked[checked] = true;
  return found;
}

function faultOf({ httpVersion, headers, rawHeaders }: IncomingMessage): HeadFault | undefined {
  const isOld = httpVersion === "1.0";
  const coding = headers["transfer-encoding"];
  if (!isOld && httpVersion !== "1.1")
    return fault("VERSION_NOT_SERVED", 505, `HTTP/${httpVersion} is not served: send HTTP/1.1`);
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return fault("TRANSFER_CODING_NOT_TAKEN", 501, "transfer-encoding must be chunked");
  const isHost = HOST.test(headers.host ?? "") && !hasTwoHosts(rawHeaders);
  if (isHost && !(isOld && coding !== undefined)) return undefined;
  return fault("BAD_HEADER", 400, isHost ? "HTTP/1.0 has no transfer-encoding" : "host must be one host");
}

/** A name or an address, with a port or without (RFC 3986, sections 3.2.2 and 3.2.3); it may be empty. */
const HOST = /^(?:\[[^\s[\]/?#@]+\]|[\w.~%!$&'()*+,;=-]*)(?::\d*)?$/;

function fault(reason: HeadFault["reason"], status: number, message: string): HeadFault {
  return { reason, status, message };
}

/** Of two, node:http takes the first. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (/^host$/i.test(rawHeaders[at]!)) hosts++;
  return hosts > 1;
}
