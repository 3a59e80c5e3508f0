import type { Socket } from "node:net";
import { timerMs } from "../http2/timers.js";
import type { Proxy } from "./proxy.js";

/** The longest answer of a proxy to CONNECT, in bytes, with its header fields: what node:http takes too. */
export const MAX_PROXY_ANSWER_BYTES = 16 * 1024;
/** The most of a proxy's answer that goes into a message, in characters. */
const MAX_REASON_LENGTH = 100;
/** The end of an answer's header (RFC 9112, section 2.1). */
const HEADER_END = "\r\n\r\n";

/**
 * Asks a proxy for a tunnel by CONNECT (RFC 9110, section 9.3.6) on a socket that is connected to it. Calls back once: with
 * an error, or when the socket leads through the tunnel; it is paused then, and what has come of the other end is there to be
 * read. The caller looks after errors of the socket. Returns what stops it.
 *
 * @param authority Where the tunnel leads, as `host:port`. The proxy resolves the host.
 */
export function openTunnel(
  socket: Socket,
  { authorization, timeoutMs }: Proxy,
  authority: string,
  done: (error: string | undefined) => void,
): () => void {
  let bytes: Buffer = Buffer.alloc(0);
  let received = 0;
  const stop = () => {
    clearTimeout(timer);
    socket.off("data", onData);
  };
  const finish = (error: string | undefined) => {
    stop();
    done(error);
  };
  const onData = (chunk: Buffer) => {
    received += chunk.length;
    bytes = Buffer.concat([bytes, chunk]);
    let answer = readAnswer(bytes);
    // RFC 9110, section 15.2: informational answers come before the one that counts.
    while (answer?.status.startsWith("1") === true) {
      bytes = bytes.subarray(answer.length);
      answer = readAnswer(bytes);
    }
    const header = received - bytes.length + (answer?.length ?? bytes.length);
    if (header > MAX_PROXY_ANSWER_BYTES) {
      finish(`the proxy's answer is longer than ${MAX_PROXY_ANSWER_BYTES} bytes`);
    } else if (answer === undefined) return;
    else if (answer.status === NOT_HTTP) {
      finish("the proxy did not answer in HTTP/1.1: check that an HTTP proxy listens there");
    } else if (answer.status.startsWith("2")) {
      socket.pause();
      // RFC 9110, section 9.3.6: what follows is the tunnel's, whatever the header says of a length.
      if (bytes.length > answer.length) socket.unshift(bytes.subarray(answer.length));
      finish(undefined);
    } else finish(refusal(answer, authority, authorization !== undefined));
  };
  const timer =
    timeoutMs === Infinity
      ? undefined
      : setTimeout(() => {
          finish(`the proxy did not answer within ${timeoutMs} ms: set proxyTimeoutMs if it needs longer`);
        }, timerMs(timeoutMs));
  socket.on("data", onData);
  const credentials = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`, "latin1");
  return stop;
}

/** The beginning of an answer. */
interface Answer {
  /** Three digits, or {@link NOT_HTTP}. */
  status: string;
  reason: string;
  /** The length of its header, in bytes. */
  length: number;
}

const NOT_HTTP = "";
const HTTP_START = "HTTP/1.";

/** Pure: reads an answer's first line; undefined while its header is not complete. What is no HTTP/1.1 is known before. */
function readAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(HEADER_END);
  const header = bytes.toString("latin1", 0, end < 0 ? bytes.length : end + 2);
  const [, status = NOT_HTTP, reason = ""] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/.exec(header) ?? [];
  if (status !== NOT_HTTP) {
    return end < 0 ? undefined : { status, reason, length: end + HEADER_END.length };
  }
  const start = header.slice(0, HTTP_START.length);
  const mayBecome = HTTP_START.startsWith(start) && !header.includes("\n");
  return mayBecome ? undefined : { status, reason, length: 0 };
}

/** Why there is no tunnel, and what to do about it. */
function refusal({ status, reason }: Answer, authority: string, hasUser: boolean): string {
  const answer = `${status} ${reason.replace(/[^ -~]/g, "?").slice(0, MAX_REASON_LENGTH)}`.trim();
  switch (status) {
    case "407":
      return hasUser
        ? `the proxy does not accept the user and password of its URL (${answer})`
        : `the proxy asks for a user and a password (${answer}): put them into its URL, http://user:password@host:port`;
    case "502":
    case "503":
    case "504":
      return `the proxy cannot reach ${authority} (${answer}): check the address, and that the proxy can resolve it`;
    default:
      return `the proxy refuses to connect to ${authority} (${answer}): allow it there, or list the host in no_proxy`;
  }
}
