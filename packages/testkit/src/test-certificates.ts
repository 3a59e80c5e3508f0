import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

/** A certificate with its private key, both in PEM. */
export interface TestCertificate {
  cert: string;
  key: string;
}

/** An authority made for one test run, and what it signed; all in PEM. */
export interface TestCertificates {
  /** The authority's certificate: what clients and servers trust. */
  ca: string;
  /** For a server at `localhost` or 127.0.0.1. */
  server: TestCertificate;
  /** For a client; its common name is `test-client`. */
  client: TestCertificate;
  /** For a client of the same name, signed by an authority that nobody trusts. */
  stranger: TestCertificate;
}

/** Makes certificates for tests of TLS; they are good for a year and exist only in memory. */
export async function testCertificates(): Promise<TestCertificates> {
  const [trusted, other] = [authority("test authority"), authority("other authority")];
  return {
    ca: trusted.certificate.cert,
    server: signedBy(trusted, "localhost", SERVER_AUTH).certificate,
    client: signedBy(trusted, "test-client", CLIENT_AUTH).certificate,
    stranger: signedBy(other, "test-client", CLIENT_AUTH).certificate,
  };
}

// What a library would do takes as long as all else that a test file loads: these few kinds of certificates are written here.

/** DER's tags (X.690, section 8.1.2). */
const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  UTC_TIME: 0x17,
  SEQUENCE: 0x30,
  SET: 0x31,
  /** With the number that the syntax gives: of a constructed value, and of another one. */
  CONTEXT_CONSTRUCTED: 0xa0,
  CONTEXT: 0x80,
} as const;

/** A value of DER. Those of a certificate have less than 65,536 bytes. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(TAG.SEQUENCE, ...parts);
const identifier = (hex: string): Buffer => der(TAG.OBJECT_IDENTIFIER, Buffer.from(hex, "hex"));

/** ecdsa-with-SHA256 (RFC 5758, section 3.2). */
const SIGNATURE_ALGORITHM = sequence(identifier("2a8648ce3d040302"));
/** Of names and extensions (RFC 5280, appendix A). */
const COMMON_NAME = identifier("550403");
const BASIC_CONSTRAINTS = identifier("551d13");
const KEY_USAGE = identifier("551d0f");
const EXTENDED_KEY_USAGE = identifier("551d25");
const SUBJECT_ALT_NAME = identifier("551d11");
const SERVER_AUTH = identifier("2b06010505070301");
const CLIENT_AUTH = identifier("2b06010505070302");

const TRUE = der(TAG.BOOLEAN, Buffer.of(0xff));
/** Bits of a key's usage, with the number of bits that are left over (RFC 5280, section 4.2.1.3). */
const DIGITAL_SIGNATURE = der(TAG.BIT_STRING, Buffer.of(7, 0x80));
const KEY_CERT_SIGN = der(TAG.BIT_STRING, Buffer.of(2, 0x04));

function extension(id: Buffer, isCritical: boolean, value: Buffer): Buffer {
  return sequence(id, ...(isCritical ? [TRUE] : []), der(TAG.OCTET_STRING, value));
}

/** Of whom a certificate is, with the key that it signs with. */
interface Signer {
  certificate: TestCertificate;
  name: Buffer;
  privateKey: KeyObject;
}

function authority(name: string): Signer {
  return make(name, undefined, [
    extension(BASIC_CONSTRAINTS, true, sequence(TRUE)),
    extension(KEY_USAGE, true, KEY_CERT_SIGN),
  ]);
}

function signedBy(issuer: Signer, name: string, usage: Buffer): Signer {
  const dnsName = der(TAG.CONTEXT | 2, Buffer.from("localhost"));
  const ipAddress = der(TAG.CONTEXT | 7, Buffer.of(127, 0, 0, 1));
  return make(name, issuer, [
    extension(BASIC_CONSTRAINTS, false, sequence()),
    extension(KEY_USAGE, false, DIGITAL_SIGNATURE),
    extension(EXTENDED_KEY_USAGE, false, sequence(usage)),
    extension(SUBJECT_ALT_NAME, false, sequence(dnsName, ipAddress)),
  ]);
}

/** Makes a key on the curve P-256 and its certificate (RFC 5280, section 4.1); without an issuer, it signs itself. */
function make(commonName: string, issuer: Signer | undefined, extensions: Buffer[]): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(TAG.SET, sequence(COMMON_NAME, der(TAG.UTF8_STRING, Buffer.from(commonName)))));
  // Positive, and not shorter than it looks.
  const serial = Buffer.concat([Buffer.of(0x40), randomBytes(8)]);
  const now = new Date();
  const inAYear = new Date(now);
  inAYear.setUTCFullYear(now.getUTCFullYear() + 1);
  const contents = sequence(
    // Version 3, which is written as 2.
    der(TAG.CONTEXT_CONSTRUCTED | 0, der(TAG.INTEGER, Buffer.of(2))),
    der(TAG.INTEGER, serial),
    SIGNATURE_ALGORITHM,
    issuer?.name ?? name,
    sequence(utcTime(now), utcTime(inAYear)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(TAG.CONTEXT_CONSTRUCTED | 3, sequence(...extensions)),
  );
  const signature = sign("sha256", contents, issuer?.privateKey ?? privateKey);
  const bytes = sequence(contents, SIGNATURE_ALGORITHM, der(TAG.BIT_STRING, Buffer.of(0), signature));
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  const certificate = {
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
  return { certificate, name, privateKey };
}

/** A time until 2049 (RFC 5280, section 4.1.2.5.1). */
function utcTime(time: Date): Buffer {
  const digits = time.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(TAG.UTC_TIME, Buffer.from(digits.slice(2)));
}
