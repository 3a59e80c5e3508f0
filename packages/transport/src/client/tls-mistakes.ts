import type { TLSSocket } from "node:tls";
import { CLIENT_PREFACE } from "../http2/constants.js";
import { socketErrorText } from "../http2/plain-text.js";
import { textOf } from "./call-errors.js";
import { PAGE_TIMEOUT_MS } from "./foreign-page.js";
import { Greeting } from "./greeting.js";

/** What OpenSSL says when the answer to its handshake is none of TLS. */
const NO_TLS = new Set([
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
  "ERR_SSL_UNKNOWN_PROTOCOL",
  "ERR_SSL_UNEXPECTED_MESSAGE",
]);

/** What Node.js says of a certificate that no known authority has signed. */
const UNKNOWN_AUTHORITY = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const CLEAR_TEXT =
  "the server does not speak TLS, and the client does: in clear text, leave out 'https://' and 'tls', or give ChannelCredentials.createInsecure()";
const NO_HTTP2 = "the server does not offer HTTP/2 over TLS (ALPN h2)";

/** The text of an error of a socket, in words of our own for what OpenSSL tells in numbers. */
export function connectErrorText(error: Error & { code?: string }, isTls: boolean): string {
  const { code = "", message } = error;
  if (NO_TLS.has(code)) return `${CLEAR_TEXT} (${code})`;
  if (code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL")
    return `${NO_HTTP2}: it speaks other protocols only`;
  if (UNKNOWN_AUTHORITY.has(code))
    return `${message} (the client does not trust the server's authority: give its certificate, as 'tls.ca' or 'ca' of the credentials)`;
  if (isTls && code === "ECONNRESET") return `${message} (does the server speak TLS?)`;
  return code.startsWith("ERR_SSL_") ? socketErrorText(error) : textOf(error);
}

/**
 * Asks a server that has not agreed on HTTP/2 what it is: one that speaks HTTP/1.1 answers the preface with an error, and its
 * name. `done` gets the text of the error, once.
 */
export function withoutHttp2(socket: TLSSocket, done: (error: string) => void): void {
  const { alpnProtocol } = socket;
  const what = typeof alpnProtocol === "string" ? `${NO_HTTP2}, but ${alpnProtocol}` : NO_HTTP2;
  let greeting: Greeting | undefined;
  const finish = () => {
    clearTimeout(timer);
    done(greeting === undefined ? what : `${what}: ${greeting.toString()}`);
  };
  const timer = setTimeout(finish, PAGE_TIMEOUT_MS).unref();
  socket.on("data", (chunk: Buffer) => {
    if (greeting === undefined) greeting = Greeting.of(chunk, chunk.length);
    else greeting.add(chunk, chunk.length);
    if (greeting === undefined || greeting.isWhole) finish();
  });
  socket.once("end", finish);
  socket.once("error", finish);
  socket.once("close", finish);
  socket.write(CLIENT_PREFACE);
}
