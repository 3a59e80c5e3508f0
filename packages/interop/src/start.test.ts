import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { createUsersClient } from "@callwire/client-sdk/users";
import Database from "libsql";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";
import { runUsersService, startUsersService } from "./users-service-process.js";

const settings = [
  "address",
  "database",
  "tls-cert",
  "tls-key",
  "tls-client-ca",
  "tokens-file",
  "unprotected-on-network",
  "reflection",
  "http",
  "http-hosts",
  "cors-origins",
  "runtime",
  "log-level",
  "heartbeat-ms",
  "retained-changes",
  "max-cached-users",
  "max-concurrent-lists",
  "max-waiting-lists",
  "list-timeout-ms",
  "shutdown-timeout-ms",
];
const variableOf = (flag: string) => `CALLWIRE_${flag.toUpperCase().replaceAll("-", "_")}`;

let folder: TemporaryFolder;
const inFolder = (name: string) => join(folder.path, name);

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(inFolder(name), content);
  return inFolder(name);
}

beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder[Symbol.dispose]());

/** Runs the service with settings that must stop it; returns what it says. */
async function refusal(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const outcome = await runUsersService(["--database", ":memory:", ...args], env);
  expect(outcome).toMatchObject({ code: 1, stdout: "" });
  // One line for a person to read, and not a stack or a word of a library's.
  expect(outcome.stderr).toMatch(/^users-service: .+\n$/);
  return outcome.stderr;
}

describe("settings", () => {
  test("--help lists every setting with its flag, its variable and its default", async () => {
    const { code, stdout, stderr } = await runUsersService(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(Array.from(stdout.matchAll(/^ {2}--([\w-]+) </gm), ([, flag]) => flag)).toEqual(settings);
    for (const flag of settings) expect(stdout).toMatch(new RegExp(`${variableOf(flag)}; default: \\S`));
  });

  // Those of each setting are tested where it is read, without a process.
  test.each<[string, string[] | (() => string[])]>([
    ["address", ["--address", "50051"]],
    ["tls-cert", ["--tls-cert", "/nowhere/cert.pem"]],
    ["tokens-file", () => ["--tokens-file", written("bad-tokens", "shop secret-with spaces-in-it\n")]],
    ["tokens-file", () => ["--tokens-file", written("short-tokens", "shop secret\n")]],
    ["shutdown-timeout-ms", ["--shutdown-timeout-ms=-1"]],
  ])("a wrong one stops the start and is named: --%s, %p", async (flag, args) => {
    const text = await refusal(typeof args === "function" ? args() : args);
    expect(text).toMatch(new RegExp(`^users-service: --${flag}\\b`));
    expect(text).toContain(`--${flag} (${variableOf(flag)}): `);
    expect(text).not.toContain("secret");
  });

  test("a wrong one in the environment is named; a flag goes before it", async () => {
    const env = { CALLWIRE_HEARTBEAT_MS: "soon", CALLWIRE_LOG_LEVEL: "silent" };
    expect(await refusal([], env)).toContain("--heartbeat-ms (CALLWIRE_HEARTBEAT_MS): 'soon'");
    await using service = await startUsersService(["--heartbeat-ms", "1000", "--log-level", "info"], env);
    expect(service.address).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test("PEM that is none, swapped, or another's is named by flag and file", async () => {
    const { server, client } = await testCertificates();
    const cert = written("server.pem", server.cert);
    const key = written("server-key.pem", server.key);
    const refused = async (...args: string[]) => {
      const text = await refusal(args);
      expect(text).toMatch(/^users-service: --tls-(cert|key) \(CALLWIRE_TLS_(CERT|KEY)\): /);
      return text;
    };
    const garbage = written("garbage.pem", "garbage");
    expect(await refused("--tls-cert", garbage, "--tls-key", key)).toContain(`${garbage} is no PEM`);
    const swapped = await refused("--tls-cert", key, "--tls-key", cert);
    for (const part of [key, cert, "they are swapped"]) expect(swapped).toContain(part);
    const other = written("client-key.pem", client.key);
    const mismatch = await refused("--tls-cert", cert, "--tls-key", other);
    for (const part of ["--tls-key", other, "is not the private key", cert]) expect(mismatch).toContain(part);
  });

  test("a misspelt variable is named, with the right one", async () => {
    expect(await refusal([], { CALLWIRE_DATABSE: "x" })).toContain("did you mean 'CALLWIRE_DATABASE'?");
  });

  test("an unknown flag and a stray word are named", async () => {
    expect(await refusal(["--addres", "127.0.0.1:0"])).toContain("--addres");
    expect(await refusal(["serve"])).toContain("serve");
  });
});

describe("addresses", () => {
  test("one that is taken is named", async () => {
    await using service = await startUsersService();
    expect(await refusal(["--address", service.address])).toBe(
      `users-service: cannot listen on ${service.address}: the address is already in use; stop what listens there, or give another port\n`,
    );
  });

  test("one of the network wants TLS and callers that are known, or a word that it is unprotected", async () => {
    const text = await refusal(["--address", "0.0.0.0:0"]);
    for (const part of [
      "TLS",
      "--tls-cert",
      "authentication",
      "--tokens-file",
      "--unprotected-on-network yes",
    ]) {
      expect(text).toContain(part);
    }
    const tokens = written("tokens", "shop token-of-the-shop\n");
    expect(await refusal(["--address", "0.0.0.0:0", "--tokens-file", tokens])).toContain("there is no TLS");

    await using service = await startUsersService([
      "--address",
      "0.0.0.0:0",
      "--unprotected-on-network",
      "yes",
    ]);
    await using users = createUsersClient({ address: service.address.replace("0.0.0.0", "127.0.0.1") });
    expect(await users.listUsers({})).toMatchObject({ totalCount: 0 });
  });
});

describe("databases", () => {
  test.each<[string, () => string, RegExp]>([
    ["no database at all", () => written("noise.db", randomBytes(8192)), /not a database/],
    ["of another program", () => foreignDatabase(), /another program/],
    ["a folder", () => subfolder(), /it is a folder/],
    [
      "in a folder that is not there",
      () => inFolder("nowhere/users.db"),
      /its folder .*nowhere does not exist; make it/,
    ],
    ["in what is no folder", () => join(written("file", ""), "users.db"), /file is no folder/],
  ])("one that cannot be used is named and left as it is: %s", async (_name, make, why) => {
    const path = make();
    const before = hashOf(path);
    const text = await refusal(["--database", path]);
    expect(text).toContain(`The database ${path} `);
    expect(text).toMatch(why);
    expect(hashOf(path)).toBe(before);
  });

  test("one that another service has open is named", async () => {
    const path = inFolder("shared.db");
    await using _service = await startUsersService(["--database", path]);
    expect(await refusal(["--database", path])).toBe(
      `users-service: The database ${path} is in use by another process\n`,
    );
  });
});

function foreignDatabase(): string {
  const path = inFolder("foreign.db");
  const database = new Database(path);
  database.exec(
    "CREATE TABLE albums (title TEXT); INSERT INTO albums VALUES ('Blue'); PRAGMA user_version = 7",
  );
  database.close();
  return path;
}

function subfolder(): string {
  mkdirSync(inFolder("folder"));
  return inFolder("folder");
}

function hashOf(path: string): string | undefined {
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return undefined;
  }
}
