import type { SecureContextOptions } from "node:tls";
import type { ServerTlsOptions } from "@callwire/transport";
import { ServerCredentials } from "@grpc/grpc-js";

/** The credentials of grpc-js's `createSsl`, which can take other certificates while a server listens. */
export class RenewableCredentials extends ServerCredentials {
  constructor(tls: ServerTlsOptions) {
    super({ requestCert: tls.clientCa !== undefined }, contextOptions(tls));
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
    ...(clientCa !== undefined && { ca: Buffer.from(clientCa) }),
  };
}
