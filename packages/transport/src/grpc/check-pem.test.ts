import { testCertificates } from "@callwire/testkit";
import { expect, test } from "@jest/globals";
import { checkPem } from "./check-pem.js";

const { ca, server, client } = await testCertificates();
const der = Buffer.from(server.cert.split("\n").slice(1, -1).join(""), "base64");
const broken = (pem: string) => pem.replace(/\n\w{8}/, "\nAAAAAAAA");
const names = { cert: "--tls-cert: c.pem", key: "--tls-key: k.pem", ca: "--tls-client-ca: ca.pem" };

test("a certificate and its key pass, as text and as bytes, with what is not given", () => {
  expect(() => checkPem({ cert: server.cert, key: server.key, ca })).not.toThrow();
  expect(() =>
    checkPem({ cert: Buffer.from(`${server.cert}\n${ca}`), key: Buffer.from(server.key) }),
  ).not.toThrow();
  expect(() => checkPem({ cert: undefined, key: null, ca })).not.toThrow();
  // As haproxy has them: one file, given as both.
  const both = server.cert + server.key;
  expect(() => checkPem({ cert: both, key: both })).not.toThrow();
  expect(() => checkPem({ cert: both, key: server.cert + client.key })).toThrow("key is not the private key");
});

test.each<[string, Parameters<typeof checkPem>[0], string[]]>([
  [
    "garbage",
    { cert: "secret garbage", key: server.key },
    [names.cert, "is no PEM", "'openssl' makes PEM of DER"],
  ],
  [
    "a path",
    { cert: "./secret.pem", key: server.key },
    [names.cert, "give the contents of the file, not its path"],
  ],
  [
    "an empty file",
    { cert: "\n", key: server.key },
    [names.cert, "is empty, and must have a certificate in PEM"],
  ],
  ["DER", { cert: der, key: server.key }, [names.cert, "is no PEM"]],
  ["a certificate cut off", { cert: server.cert.slice(0, 200) }, [names.cert, "the file is cut off"]],
  ["a broken certificate", { cert: broken(server.cert) }, [names.cert, "certificate 1 of 1 cannot be read"]],
  [
    "a broken one after it",
    { cert: `${server.cert}\n${broken(ca)}` },
    [names.cert, "certificate 2 of 2 cannot be read"],
  ],
  ["swapped files", { cert: server.key, key: server.cert }, [names.cert, names.key, "they are swapped"]],
  [
    "a key as certificate",
    { cert: server.key, key: server.key },
    [names.cert, "PRIVATE KEY' , and must".replace(" ,", ",")],
  ],
  [
    "a certificate as key",
    { cert: server.cert, key: server.cert },
    [names.key, "has a PEM of 'CERTIFICATE'"],
  ],
  [
    "a key of garbage",
    { cert: server.cert, key: "secret garbage" },
    [names.key, "a private key begins with"],
  ],
  [
    "a broken key",
    { cert: server.cert, key: broken(server.key) },
    [names.key, "the private key cannot be read"],
  ],
  [
    "a key with a passphrase",
    { key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nsecret\n-----END ENCRYPTED PRIVATE KEY-----" },
    [names.key, "a passphrase"],
  ],
  [
    "another key",
    { cert: server.cert, key: client.key },
    [names.key, "is not the private key of the certificate in", names.cert],
  ],
  [
    "an authority of garbage",
    { cert: server.cert, key: server.key, ca: "secret garbage" },
    [names.ca, "is no PEM"],
  ],
])("%s is named, and never shown", (_what, files, parts) => {
  for (const part of parts) expect(() => checkPem(files, names)).toThrow(part);
  expect(() => checkPem(files, names)).not.toThrow(/secret/);
});
