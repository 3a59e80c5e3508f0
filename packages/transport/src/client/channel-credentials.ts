import type { PeerCertificate, SecureContext } from "node:tls";
import { checkOptions, type RulesOf } from "../grpc/check-options.js";
import { checkPem } from "../grpc/check-pem.js";
import { boolean, callable } from "../grpc/option-rules.js";
import { defaultRoots } from "./default-roots.js";

/** Options to verify a server's certificate, beyond the usual. */
export interface VerifyOptions {
  /** Called after the usual check of the server's name; an error that it returns refuses the certificate. */
  checkServerIdentity?: (hostname: string, certificate: PeerCertificate) => Error | undefined;
  /** False takes any certificate: for tests alone. Default: true. */
  rejectUnauthorized?: boolean;
}

const verifyRules: RulesOf<VerifyOptions> = { checkServerIdentity: callable, rejectUnauthorized: boolean };

/** The settings of a channel over TLS. */
export interface TlsSettings {
  /** Asked for each connection. */
  context: () => SecureContext;
  verify: VerifyOptions;
}

/** The security of a channel: none, or TLS. */
export class ChannelCredentials {
  /** Undefined for clear text. */
  readonly tls: TlsSettings | undefined;

  private constructor(tls: TlsSettings | undefined) {
    this.tls = tls;
  }

  /** Clear text. */
  static createInsecure(): ChannelCredentials {
    return new ChannelCredentials(undefined);
  }

  /**
   * TLS; all in PEM.
   *
   * The cipher suites are those of `GRPC_SSL_CIPHER_SUITES`, in OpenSSL's form, and else Node.js's.
   *
   * @param rootCerts Whom to trust. Default: the certificates of the file in `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`, and without it
   *   the authorities that Node.js trusts (which NODE_EXTRA_CA_CERTS, --use-system-ca and --use-openssl-ca decide).
   * @param privateKey The client's key, for servers that want to know the client; goes with `certChain`.
   * @throws {Error} if one of them is not valid, the file cannot be read, or a key comes without its certificate or the other
   *   way round.
   */
  static createSsl(
    rootCerts?: Buffer | null,
    privateKey?: Buffer | null,
    certChain?: Buffer | null,
    verifyOptions?: VerifyOptions,
  ): ChannelCredentials {
    if (privateKey && !certChain)
      throw new Error("Private key must be given with accompanying certificate chain");
    if (!privateKey && certChain)
      throw new Error("Certificate chain must be given with accompanying private key");
    checkPem(
      { ca: rootCerts, key: privateKey, cert: certChain },
      { ca: "rootCerts", key: "privateKey", cert: "certChain" },
    );
    const ca = rootCerts ?? defaultRoots(process.env);
    const ciphers = process.env["GRPC_SSL_CIPHER_SUITES"];
    const context = process.getBuiltinModule("node:tls").createSecureContext({
      ...(ca && { ca }),
      ...(ciphers && { ciphers }),
      ...(privateKey && { key: privateKey }),
      ...(certChain && { cert: certChain }),
      minVersion: "TLSv1.2",
      // RFC 9113, section 9.2.1: a server that asks for another handshake of TLS 1.2 gets none.
      secureOptions: process.getBuiltinModule("node:crypto").constants.SSL_OP_NO_RENEGOTIATION,
    });
    return ChannelCredentials.createFromSecureContext(context, verifyOptions);
  }

  /**
   * TLS with a context of `tls.createSecureContext`, or with a function that is asked for one at each connection: so that a
   * certificate that was renewed is used without a restart.
   */
  static createFromSecureContext(
    context: SecureContext | (() => SecureContext),
    verifyOptions: VerifyOptions = {},
  ): ChannelCredentials {
    checkOptions("ChannelCredentials", verifyOptions, verifyRules);
    return new ChannelCredentials({
      context: typeof context === "function" ? context : () => context,
      verify: verifyOptions,
    });
  }

  /** True if the channel is secured. */
  _isSecure(): boolean {
    return this.tls !== undefined;
  }
}
