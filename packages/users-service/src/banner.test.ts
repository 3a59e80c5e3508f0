import { resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { banner, listeningFields } from "./banner.js";
import { readSettings, type Settings } from "./settings.js";

const defaults = readSettings([], {}) as Settings;
const tls = { certFile: "c", keyFile: "k", clientCaFile: "a" };
const tokens = new Map([["0123456789abcdef", "shop"]]);

test("the first lines say where it listens, TLS, tokens, database, and what to try next", () => {
  const text = banner(defaults, 50_051);
  for (const part of [
    "listens on 127.0.0.1:50051\n",
    /TLS +no; --tls-cert and --tls-key turn it on/,
    /tokens +none: every caller may read and change all; --tokens-file/,
    `database    ${resolve("users.db")}`,
    /reflection +yes/,
    /HTTP +REST, gRPC-Web and Connect on the same port; --http no/,
    "http://127.0.0.1:50051/docs  ",
    /runtime +transport/,
    "curl http://127.0.0.1:50051/v1/users  ",
    /npm run demo +walks through every call/,
    /npm start -- --help +lists all settings/,
    "Ctrl-C stops it",
  ]) {
    expect(text).toMatch(part instanceof RegExp ? part : new RegExp(part.replaceAll(".", "\\.")));
  }
});

test("with other settings the next step fits them, and no secret is shown", () => {
  const settings = {
    ...defaults,
    address: "0.0.0.0:0",
    database: ":memory:",
    reflection: false,
    tls,
    tokens,
  };
  const text = banner(settings, 6000);
  for (const part of [
    "listens on 0.0.0.0:6000",
    "yes, clients must show a certificate",
    "1 of --tokens-file",
    "in memory",
    "--reflection yes turns it on",
    "npm run demo -- 127.0.0.1:6000 --tls-ca <file> --token-file <file>",
    "curl --cacert <file> --cert <file> --key <file> -H 'authorization: Bearer <token>' https://127.0.0.1:6000/v1/users",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("0123456789abcdef");
  expect(banner({ ...settings, http: false }, 6000)).not.toContain("curl");
});

test("the line for a log has the same as fields", () => {
  expect(listeningFields({ ...defaults, tls, tokens }, 1)).toEqual({
    address: "127.0.0.1:1",
    tls: true,
    clientCertificates: true,
    tokens: 1,
    database: "users.db",
    reflection: true,
    http: true,
    runtime: "transport",
  });
});
