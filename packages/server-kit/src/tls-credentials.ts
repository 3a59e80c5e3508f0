import { createSecureContext } from "node:tls";
import { checkOptions, checkPem, rules, type RulesOf, type ServerRuntime } from "@callwire/transport";

/** The TLS settings of a server, in PEM. */
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

const optionRules: RulesOf<TlsOptions> = {
  cert: rules.required(rules.pem),
  key: rules.required(rules.pem),
  clientCa: rules.pem,
};

/** Credentials for `listen` with TLS, of whatever runtime. Made by {@link tlsCredentials}. */
export class TlsCredentials {
  readonly #options: TlsOptions;

  constructor(options: TlsOptions) {
    this.#options = options;
  }

  /** Makes the runtime's own credentials. */
  createWith(runtime: Pick<ServerRuntime, "createCredentials">): object {
    return runtime.createCredentials(this.#options);
  }
}

/**
 * Credentials for `listen` with TLS.
 *
 * @throws Error if a certificate or the key cannot be read, or one is not of the other.
 */
export function tlsCredentials(options: TlsOptions): TlsCredentials {
  checkOptions("tlsCredentials", options, optionRules);
  const { cert, key, clientCa } = options;
  checkPem({ cert, key, ca: clientCa }, { cert: "cert", key: "key", ca: "clientCa" });
  // Runtimes would find what is wrong only when they listen, and not say it.
  createSecureContext({ cert, key, ...(clientCa !== undefined && { ca: clientCa }) });
  return new TlsCredentials(options);
}
