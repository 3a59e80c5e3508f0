/** What OpenSSL says when the answer to its handshake is none of TLS; Node.js passes its texts on. */
const noTls = /wrong version number|packet length too long|http request|unknown protocol|unexpected message/;
/** What Node.js says of a certificate that no known authority has signed. */
const unknownAuthority =
  /self[- ]signed certificate|unable to verify the first certificate|unable to get (?:local )?issuer certificate/;
/** What grpc-js says of a connection in clear text that ended before it was one of HTTP/2. */
const noHttp2 = /Failed to connect|Protocol error|ECONNRESET|socket hang up/;

/**
 * Pure: what to do about a connection that grpc-js could not make because one side speaks TLS and the other does not, or has another
 * authority; "" if its text shows nothing of the kind. The transport's errors say it themselves.
 */
export function connectionAdvice(details: string, isSecure: boolean): string {
  if (!isSecure) {
    return noHttp2.test(details)
      ? "is it a gRPC server, and in clear text? For TLS, the address begins with 'https://', or 'tls' is set"
      : "";
  }
  if (noTls.test(details))
    return "the server does not speak TLS, and the client does: in clear text, leave out 'https://' and 'tls'";
  if (unknownAuthority.test(details))
    return "the client does not trust the server's authority: give its certificate, as 'tls.ca'";
  if (details.includes("no application protocol"))
    return "the server does not offer HTTP/2 over TLS: it speaks other protocols only";
  return details.includes("before secure TLS connection") ? "does the server speak TLS?" : "";
}
