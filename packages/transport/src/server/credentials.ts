import { createSecureContext, type SecureContextOptions } from "node:tls";
import { checkOptions } from "../grpc/check-options.js";
import { checkPem } from "../grpc/check-pem.js";
import { pem, required } from "../grpc/option-rules.js";

/** A certificate of a server with its private key, in PEM; the names are grpc-js's. */
export interface KeyCertPair {
  private_key: Buffer;
  cert_chain: Buffer;
}

/**
 * The cipher suites that a server offers: those of TLS 1.3, and of TLS 1.2 those with forward secrecy and AEAD. What else
 * TLS 1.2 has is on the list of RFC 9113, appendix A, which HTTP/2 should not use (section 9.2.2), or hardly in use.
 */
const CIPHER_SUITES =
  "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20";

/** The cipher suites of a server, in OpenSSL's form: those of `GRPC_SSL_CIPHER_SUITES`, if it is set. */
export function serverCipherSuites(): string {
  return process.env["GRPC_SSL_CIPHER_SUITES"] || CIPHER_SUITES;
}

/** The credentials of a server. */
export class ServerCredentials {
  /** The options for node:tls; undefined for clear text. */
  #options: SecureContextOptions | undefined;
  /** True if every client must show a certificate. */
  readonly checksClients: boolean;
  readonly #listeners = new Set<(options: SecureContextOptions) => void>();

  private constructor(options: SecureContextOptions | undefined, checksClients: boolean) {
    this.#options = options;
    this.checksClients = checksClients;
  }

  /** Clear text. */
  static createInsecure(): ServerCredentials {
    return new ServerCredentials(undefined, false);
  }

  /**
   * TLS 1.2 or later. The cipher suites are those of `GRPC_SSL_CIPHER_SUITES`, in OpenSSL's form, and else those with forward
   * secrecy and AEAD.
   *
   * @param rootCerts Certificates of the authorities whose clients are believed, in PEM. Default: the well-known ones.
   * @param checkClientCertificate True if every client must show a certificate. Default: false.
   * @throws {Error} if a certificate or a key cannot be read, or one is not of the other.
   */
  static createSsl(
    rootCerts: Buffer | null,
    keyCertPairs: readonly KeyCertPair[],
    checkClientCertificate = false,
  ): ServerCredentials {
    return new ServerCredentials(secureContextOptions(rootCerts, keyCertPairs), checkClientCertificate);
  }

  get secureOptions(): SecureContextOptions | undefined {
    return this.#options;
  }

  /**
   * Takes new certificates: connections made from now on get them, those there are keep theirs.
   *
   * @throws {Error} as {@link createSsl}; the old ones stay then.
   */
  reload(rootCerts: Buffer | null, keyCertPairs: readonly KeyCertPair[]): void {
    if (this.#options === undefined)
      throw new Error("These credentials are of clear text: there is nothing to reload");
    this.#options = secureContextOptions(rootCerts, keyCertPairs);
    for (const listener of this.#listeners) listener(this.#options);
  }

  /** Calls `listener` at each {@link reload}, until the function that it returns is called. */
  onReload(listener: (options: SecureContextOptions) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function secureContextOptions(rootCerts: Buffer | null, pairs: readonly KeyCertPair[]): SecureContextOptions {
  if (!Array.isArray(pairs) || pairs.length === 0) {
    throw new TypeError(
      "createSsl: keyCertPairs must be an array of { private_key, cert_chain }, and not be empty",
    );
  }
  for (const [index, pair] of pairs.entries()) {
    const name = (part: string) => (pairs.length === 1 ? part : `keyCertPairs[${index}].${part}`);
    checkOptions("createSsl", pair, { private_key: required(pem), cert_chain: required(pem) });
    checkPem(
      { key: pair.private_key, cert: pair.cert_chain, ca: rootCerts },
      { key: name("private_key"), cert: name("cert_chain"), ca: "rootCerts" },
    );
  }
  const options: SecureContextOptions = {
    ...(rootCerts !== null && { ca: rootCerts }),
    cert: pairs.map((pair) => pair.cert_chain),
    key: pairs.map((pair) => pair.private_key),
    minVersion: "TLSv1.2",
    ciphers: serverCipherSuites(),
  };
  // Reads them, so that what is wrong is said here and not to the first client.
  createSecureContext(options);
  return options;
}
