import type { KeyObject } from "node:crypto";

/** node:crypto, which the first key or certificate loads: an import of the package is quicker without it. */
const crypto = () => process.getBuiltinModule("node:crypto");

/** Certificates and a key, in PEM. */
export interface PemFiles {
  /** A certificate, with intermediate ones after it. */
  cert?: string | Uint8Array | null | undefined;
  /** The certificate's private key. */
  key?: string | Uint8Array | null | undefined;
  /** Certificates of authorities. */
  ca?: string | Uint8Array | null | undefined;
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const CERTIFICATES = /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END \1?CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/;
/** A key to its end: a file may have its certificate before it, which TLS passes over and `createPrivateKey` does not. */
const WHOLE_PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----[^-]*-----END \1PRIVATE KEY-----/;

/**
 * Reads certificates and a key, so that what is wrong is said at the start and not to the first peer.
 *
 * @param names The names that an error has for them: those of options, or of flags and files. Default: those of the properties.
 * @throws {Error} that names what is no PEM, is swapped, or is not the key of its certificate, and the next step. It never shows
 *   the text.
 */
export function checkPem(
  { cert, key, ca }: PemFiles,
  {
    cert: certName = "cert",
    key: keyName = "key",
    ca: caName = "ca",
  }: { cert?: string; key?: string; ca?: string } = {},
): void {
  if (
    cert &&
    key &&
    PRIVATE_KEY.test(textOf(cert)) &&
    !CERTIFICATE.test(textOf(cert)) &&
    CERTIFICATE.test(textOf(key))
  ) {
    throw new Error(`${certName} has a private key, and ${keyName} a certificate: they are swapped`);
  }
  if (cert != null) checkCertificates(certName, cert);
  if (ca != null) checkCertificates(caName, ca);
  if (key == null) return;
  const read = readKey(keyName, key);
  if (cert == null || new (crypto().X509Certificate)(firstCertificate(cert)).checkPrivateKey(read)) return;
  throw new Error(
    `${keyName} is not the private key of the certificate in ${certName}: give the key that the certificate was requested with, ` +
      "and the server's own certificate before intermediate ones",
  );
}

function checkCertificates(name: string, pem: string | Uint8Array): void {
  const text = textOf(pem);
  if (!CERTIFICATE.test(text)) throw notPem(name, text, "a certificate", "-----BEGIN CERTIFICATE-----");
  const all = text.match(CERTIFICATES) ?? [];
  if (all.length === 0) throw new Error(`${name} has a certificate without an end: the file is cut off`);
  for (const [index, one] of all.entries()) {
    try {
      void new (crypto().X509Certificate)(one).subject;
    } catch (cause) {
      throw new Error(
        `${name}: certificate ${index + 1} of ${all.length} cannot be read: ${messageOf(cause)}`,
        { cause },
      );
    }
  }
}

function readKey(name: string, pem: string | Uint8Array): KeyObject {
  const text = textOf(pem);
  if (!PRIVATE_KEY.test(text)) throw notPem(name, text, "a private key", "-----BEGIN PRIVATE KEY-----");
  if (/ENCRYPTED/.test(text)) {
    throw new Error(
      `${name} has a private key with a passphrase: store it without one ('openssl pkey -in key -out key')`,
    );
  }
  try {
    return crypto().createPrivateKey(WHOLE_PRIVATE_KEY.exec(text)?.[0] ?? text);
  } catch (cause) {
    throw new Error(`${name}: the private key cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function notPem(name: string, text: string, wanted: string, begin: string): Error {
  const found = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(text)?.[1];
  if (found !== undefined)
    return new Error(`${name} has a PEM of '${found}', and must have ${wanted} ('${begin}')`);
  const path = text.length < 256 && !/[\r\n]/.test(text) && /[\\/.]/.test(text);
  return new Error(
    text.trim() === ""
      ? `${name} is empty, and must have ${wanted} in PEM`
      : `${name} is no PEM: ${wanted} begins with '${begin}'` +
          (path
            ? "; give the contents of the file, not its path"
            : "; 'openssl' makes PEM of DER by '-inform der'"),
  );
}

function firstCertificate(pem: string | Uint8Array): string {
  return textOf(pem).match(CERTIFICATES)![0];
}

function textOf(pem: string | Uint8Array): string {
  return typeof pem === "string"
    ? pem
    : Buffer.from(pem.buffer, pem.byteOffset, pem.length).toString("latin1");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
