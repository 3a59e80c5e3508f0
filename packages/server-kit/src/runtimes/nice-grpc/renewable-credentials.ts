import type { SecureContextOptions } from "node:tls";
import { serverCipherSuites, type ServerTlsOptions } from "@callwire/transport/server";
import { ServerCredentials } from "@grpc/grpc-js";

/** The time that a TLS handshake may stand still, in milliseconds: the transport's default for a whole one. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The credentials of grpc-js's `createSsl`, which can take other certificates while a server listens. */
export class RenewableCredentials extends ServerCredentials {
  constructor(tls: ServerTlsOptions) {
    // grpc-js hands these to node:tls, which otherwise waits two minutes for a handshake.
    const options = { requestCert: tls.clientCa !== undefined, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
    super(options, contextOptions(tls));
  }

  /** Takes new certificates, for the connections to come. */
  renew(tls: ServerTlsOptions): void {
    this.updateSecureContextOptions(contextOptions(tls));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOptions({ cert, key, clientCa }: ServerTlsOptions): SecureContextOptions {
  return {
    cert: [Buffer.from(cert)],
    key: [Buffer.from(key)],
    ciphers: serverCipherSuites(),
    ...(clientCa !== undefined && { ca: Buffer.from(clientCa) }),
  };
}
