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

/** Loads what makes certificates when it is needed: to load it takes as long as all else that a test loads. */
const generate: typeof import("selfsigned").generate = async (...args) =>
  (await import("selfsigned")).generate(...args);

const key = { keyType: "ec", curve: "P-256", algorithm: "sha256" } as const;

async function authority(name: string): Promise<TestCertificate> {
  const made = await generate([{ name: "commonName", value: name }], {
    ...key,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function signedBy(
  ca: TestCertificate,
  name: string,
  usage: "serverAuth" | "clientAuth",
): Promise<TestCertificate> {
  const made = await generate([{ name: "commonName", value: name }], {
    ...key,
    ca,
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", [usage]: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Makes certificates for tests of TLS; they are good for a year and exist only in memory. */
export async function testCertificates(): Promise<TestCertificates> {
  const [trusted, other] = await Promise.all([authority("test authority"), authority("other authority")]);
  const [server, client, stranger] = await Promise.all([
    signedBy(trusted, "localhost", "serverAuth"),
    signedBy(trusted, "test-client", "clientAuth"),
    signedBy(other, "test-client", "clientAuth"),
  ]);
  return { ca: trusted.cert, server, client, stranger };
}
