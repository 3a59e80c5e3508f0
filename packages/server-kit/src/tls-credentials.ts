import { createSecureContext } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";

/** What a server needs for TLS; all in PEM. */
export interface TlsOptions {
  /** The server's certificate, with intermediate ones after it. */
  cert: string | Buffer;
  /** The certificate's private key. */
  key: string | Buffer;
  /**
   * Certificates of the authorities whose clients may connect. If given, every client must show a certificate that one
   * of them signed (mutual TLS). Default: clients need none.
   */
  clientCa?: string | Buffer;
}

/**
 * Credentials for `listen` with TLS.
 *
 * @throws Error if a certificate or the key cannot be read, or one is not of the other.
 */
export function tlsCredentials({ cert, key, clientCa }: TlsOptions): ServerCredentials {
  // Grpc-js would find what is wrong only when it listens, and not say it.
  createSecureContext({ cert, key, ...(clientCa !== undefined && { ca: clientCa }) });
  const buffer = (pem: string | Buffer) => (typeof pem === "string" ? Buffer.from(pem) : pem);
  return ServerCredentials.createSsl(
    clientCa === undefined ? null : buffer(clientCa),
    [{ cert_chain: buffer(cert), private_key: buffer(key) }],
    clientCa !== undefined,
  );
}
