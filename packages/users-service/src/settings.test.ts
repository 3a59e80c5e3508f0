import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { helpText, isLoopback, readSettings, SettingError, type Settings } from "./settings.js";

let folder: string;
/** Paths of files that tests give to settings. */
let cert: string, key: string, clientCa: string, tokens: string;

/** Writes a file for a test; returns its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "callwire-settings-"));
  cert = file("cert.pem", "the certificate");
  key = file("key.pem", "the key");
  clientCa = file("ca.pem", "the authority");
  tokens = file("tokens", "shop 0123456789abcdef\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

function settings(args: string[] = [], env: NodeJS.ProcessEnv = {}): Settings {
  const read = readSettings(args, env);
  if (read === "help") throw new Error("that asked for help");
  return read;
}

/** The message of the SettingError that reading throws. */
function problem(args: string[], env: NodeJS.ProcessEnv = {}): string {
  try {
    readSettings(args, env);
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
  throw new Error("nothing is wrong with these settings");
}

/** What `--help` says of each setting. */
function helpOf(): { flag: string; variable: string; default: string }[] {
  const entries = helpText().matchAll(/^ {2}--([a-z-]+) <.+>\n.*\n {8}([A-Z_]+); default: (.*)$/gm);
  return Array.from(entries, ([, flag = "", variable = "", fallback = ""]) => {
    return { flag, variable, default: fallback };
  });
}

test("the defaults listen on loopback, over a database file, without TLS or tokens", () => {
  expect(settings()).toEqual({
    address: "127.0.0.1:50051",
    database: "users.db",
    tls: undefined,
    tokens: undefined,
    reflection: true,
    http: true,
    httpHosts: ["localhost", "127.0.0.1", "[::1]"],
    corsOrigins: [],
    runtime: "transport",
    logLevel: "info",
    heartbeatMs: 15_000,
    retainedChanges: 1_000_000,
    maxCachedUsers: 10_000,
    maxConcurrentLists: 2,
    maxWaitingLists: 100,
    listTimeoutMs: 10_000,
    shutdownTimeoutMs: 10_000,
  });
});

describe("a setting is a variable or a flag, and the flag wins", () => {
  // Files are named by functions, because they do not exist yet.
  const cases: Record<
    string,
    {
      values: () => [inVariable: string, inFlag: string];
      read: (settings: Settings) => unknown;
      expected: [unknown, unknown];
      /** What must be set beside it. */
      beside?: () => string[];
    }
  > = {
    address: {
      values: () => ["127.0.0.1:1", "localhost:2"],
      read: ({ address }) => address,
      expected: ["127.0.0.1:1", "localhost:2"],
    },
    database: {
      values: () => ["a.db", ":memory:"],
      read: ({ database }) => database,
      expected: ["a.db", ":memory:"],
    },
    "tls-cert": {
      values: () => [cert, clientCa],
      read: ({ tls }) => readFileSync(tls!.certFile, "utf8"),
      expected: ["the certificate", "the authority"],
      beside: () => ["--tls-key", key],
    },
    "tls-key": {
      values: () => [key, clientCa],
      read: ({ tls }) => readFileSync(tls!.keyFile, "utf8"),
      expected: ["the key", "the authority"],
      beside: () => ["--tls-cert", cert],
    },
    "tls-client-ca": {
      values: () => [clientCa, cert],
      read: ({ tls }) => readFileSync(tls!.clientCaFile!, "utf8"),
      expected: ["the authority", "the certificate"],
      beside: () => ["--tls-cert", cert, "--tls-key", key],
    },
    "tokens-file": {
      values: () => [tokens, file("others", "job fedcba9876543210")],
      read: (read) => [...(read.tokens ?? [])],
      expected: [[["0123456789abcdef", "shop"]], [["fedcba9876543210", "job"]]],
    },
    "unprotected-on-network": {
      values: () => ["yes", "yes"],
      read: ({ address }) => address,
      expected: ["0.0.0.0:1", "0.0.0.0:1"],
      beside: () => ["--address", "0.0.0.0:1"],
    },
    reflection: {
      values: () => ["no", "yes"],
      read: ({ reflection }) => reflection,
      expected: [false, true],
    },
    http: {
      values: () => ["no", "yes"],
      read: ({ http }) => http,
      expected: [false, true],
    },
    "http-hosts": {
      values: () => ["any", "a.example, [::1]"],
      read: ({ httpHosts }) => httpHosts,
      expected: [undefined, ["a.example", "[::1]"]],
    },
    "cors-origins": {
      values: () => ["https://a.example", "http://localhost:3000, https://b.example"],
      read: ({ corsOrigins }) => corsOrigins,
      expected: [["https://a.example"], ["http://localhost:3000", "https://b.example"]],
    },
    runtime: {
      values: () => ["transport", "nice-grpc"],
      read: ({ runtime }) => runtime,
      expected: ["transport", "nice-grpc"],
    },
    "log-level": {
      values: () => ["debug", "silent"],
      read: ({ logLevel }) => logLevel,
      expected: ["debug", "silent"],
    },
    "heartbeat-ms": {
      values: () => ["10", "3600000"],
      read: ({ heartbeatMs }) => heartbeatMs,
      expected: [10, 3_600_000],
    },
    "retained-changes": {
      values: () => ["1", "1000000000"],
      read: ({ retainedChanges }) => retainedChanges,
      expected: [1, 1_000_000_000],
    },
    "max-cached-users": {
      values: () => ["0", "10000000"],
      read: ({ maxCachedUsers }) => maxCachedUsers,
      expected: [0, 10_000_000],
    },
    "max-concurrent-lists": {
      values: () => ["1", "64"],
      read: ({ maxConcurrentLists }) => maxConcurrentLists,
      expected: [1, 64],
    },
    "max-waiting-lists": {
      values: () => ["0", "100000"],
      read: ({ maxWaitingLists }) => maxWaitingLists,
      expected: [0, 100_000],
    },
    "list-timeout-ms": {
      values: () => ["1", "3600000"],
      read: ({ listTimeoutMs }) => listTimeoutMs,
      expected: [1, 3_600_000],
    },
    "shutdown-timeout-ms": {
      values: () => ["0", "3600000"],
      read: ({ shutdownTimeoutMs }) => shutdownTimeoutMs,
      expected: [0, 3_600_000],
    },
  };

  test.each(Object.entries(cases))("--%s", (flag, { values, read, expected, beside = () => [] }) => {
    const [inVariable, inFlag] = values();
    const env = { [`CALLWIRE_${flag.toUpperCase().replaceAll("-", "_")}`]: inVariable };
    expect(read(settings(beside(), env))).toEqual(expected[0]);
    expect(read(settings([...beside(), `--${flag}`, inFlag], env))).toEqual(expected[1]);
  });

  test("and no setting is without a case here", () => {
    expect(helpOf().map(({ flag }) => flag)).toEqual(Object.keys(cases));
  });
});

describe("a wrong value is refused by a message that names its flag and its variable", () => {
  test.each([
    ["address", "", "'' is not of the form host:port, as 127.0.0.1:50051 and [::1]:50051 are"],
    ["address", "50051", "'50051' is not of the form host:port, as 127.0.0.1:50051 and [::1]:50051 are"],
    [
      "address",
      "127.0.0.1:65536",
      "'127.0.0.1:65536' is not of the form host:port, as 127.0.0.1:50051 and [::1]:50051 are",
    ],
    [
      "address",
      "http://localhost:1",
      "'http://localhost:1' is not of the form host:port, as 127.0.0.1:50051 and [::1]:50051 are",
    ],
    ["address", "::1:1", "'::1:1' is not of the form host:port, as 127.0.0.1:50051 and [::1]:50051 are"],
    ["address", " localhost:1", '" localhost:1" begins or ends with white space, which must go'],
    ["log-level", "info\r", '"info\\r" begins or ends with white space, which must go'],
    ["database", " ", '" " begins or ends with white space, which must go'],
    ["database", "", "is empty"],
    ["database", ":memroy:", "':memroy:' is no path; did you mean ':memory:'?"],
    [
      "database",
      "file:users.db?mode=ro",
      "'file:users.db?mode=ro' is a URL: it must be the path of a file, or ':memory:'",
    ],
    [
      "database",
      "postgres://localhost/users",
      "'postgres://localhost/users' is a URL: it must be the path of a file, or ':memory:'",
    ],
    ["unprotected-on-network", "maybe", "'maybe' is none of yes, no"],
    ["reflection", "on", "'on' is none of auto, yes, no"],
    ["http", "on", "'on' is none of auto, yes, no"],
    ["http-hosts", "a.example:80", "'a.example:80' is no host without a port, as api.example.com is"],
    ["cors-origins", "app.example.com", "'app.example.com' is no origin, as https://app.example.com is"],
    [
      "cors-origins",
      "*,https://a.example/",
      "'https://a.example/' is no origin, as https://app.example.com is",
    ],
    ["runtime", "grpc", "'grpc' is none of transport, nice-grpc"],
    ["log-level", "loud", "'loud' is none of trace, debug, info, warn, error, fatal, silent"],
    ["heartbeat-ms", "9", "'9' is not a whole number from 10 to 3600000"],
    ["heartbeat-ms", "15s", "'15s' is not a whole number from 10 to 3600000"],
    ["heartbeat-ms", "", "'' is not a whole number from 10 to 3600000"],
    ["max-concurrent-lists", "0", "'0' is not a whole number from 1 to 64"],
    ["list-timeout-ms", "0", "'0' is not a whole number from 1 to 3600000"],
    ["max-cached-users", "-1", "'-1' is not a whole number from 0 to 10000000"],
    ["retained-changes", "0", "'0' is not a whole number from 1 to 1000000000"],
    ["retained-changes", "1e3", "'1e3' is not a whole number from 1 to 1000000000"],
    ["shutdown-timeout-ms", "3600001", "'3600001' is not a whole number from 0 to 3600000"],
    ["shutdown-timeout-ms", "-1", "'-1' is not a whole number from 0 to 3600000"],
  ])("--%s=%s", (flag, value, why) => {
    const variable = `CALLWIRE_${flag.toUpperCase().replaceAll("-", "_")}`;
    const message = `--${flag} (${variable}): ${why}`;
    expect(problem([`--${flag}=${value}`])).toBe(message);
    expect(problem([], { [variable]: value })).toBe(message);
  });

  test.each(["tls-cert", "tls-key", "tls-client-ca", "tokens-file"])(
    "--%s of a file that there is not",
    (flag) => {
      const start = `--${flag} (CALLWIRE_${flag.toUpperCase().replaceAll("-", "_")}): cannot be read: `;
      const message = problem([`--${flag}`, join(folder, "none")]);
      expect(message.slice(0, start.length)).toBe(start);
      expect(message).toContain("ENOENT");
    },
  );

  test.each([
    ["a flag that there is not", ["--port", "1"], "Unknown option '--port'"],
    ["a flag without its value", ["--address"], "'--address <value>' argument missing"],
    ["a flag before another", ["--address", "--database"], "'--address' has no value before '--database'"],
    ["a value with a dash", ["--max-cached-users", "-1"], "is given as '--max-cached-users=-1'"],
    ["a word that is no flag", ["start"], "Unexpected argument 'start'"],
  ])("%s", (_, args, message) => {
    expect(problem(args)).toContain(message);
  });

  test.each([
    ["--adress", "did you mean '--address'?"],
    ["--tls_cert", "did you mean '--tls-cert'?"],
    ["--databse", "did you mean '--database'?"],
    ["--heartbeat", "did you mean '--heartbeat-ms'?"],
    ["--hlep", "did you mean '--help'?"],
    ["--port", "did you mean '--address'?"],
    ["--db", "did you mean '--database'?"],
  ])("a misspelt flag %s", (flag, hint) => {
    expect(problem([flag, "x"])).toBe(`Unknown option '${flag}'; ${hint}; --help lists all`);
  });

  test.each([
    ["CALLWIRE_ADRESS", "CALLWIRE_ADDRESS"],
    ["CALLWIRE_TLSCERT", "CALLWIRE_TLS_CERT"],
    ["CALLWIRE_TOKEN_FILE", "CALLWIRE_TOKENS_FILE"],
    ["CALLWIRE_DATABSE", "CALLWIRE_DATABASE"],
    ["Callwire_Address", "CALLWIRE_ADDRESS"],
    ["CALLWIRE_ADDRESS_", "CALLWIRE_ADDRESS"],
    ["CALLWIRE_PORT", "CALLWIRE_ADDRESS"],
    ["CALLWIRE_HOST", "CALLWIRE_ADDRESS"],
  ])("a misspelt variable %s", (name, right) => {
    expect(problem([], { [name]: "x" })).toBe(
      `there is no setting ${name}; did you mean '${right}'?; --help lists all`,
    );
  });

  test("a variable like none", () => {
    expect(problem([], { CALLWIRE_ZZZ: "x" })).toBe("there is no setting CALLWIRE_ZZZ; --help lists all");
  });

  test("the demo's token and what Kubernetes sets are no settings of the service", () => {
    const env = {
      CALLWIRE_TOKEN: "t",
      CALLWIRE_SERVICE_HOST: "10.0.0.1",
      CALLWIRE_USERS_SERVICE_PORT_GRPC: "50051",
      CALLWIRE_PORT: "tcp://10.0.0.1:50051",
      CALLWIRE_USERS_PORT_50051_TCP_ADDR: "10.0.0.1",
      OTHER_ADRESS: "x",
    };
    expect(settings([], env)).toEqual(settings());
  });

  test("HTTP over a runtime that has none", () => {
    const overNiceGrpc = ["--runtime", "nice-grpc"];
    expect(settings(overNiceGrpc).http).toBe(false);
    expect(problem([...overNiceGrpc, "--http", "yes"])).toContain(
      "--http (CALLWIRE_HTTP): 'yes' goes with --runtime transport",
    );
    expect(problem(["--http", "no", "--cors-origins", "*"])).toContain("is of no use where --http is no");
  });

  test("any host may be asked for where callers are known, or the network reaches", () => {
    expect(settings(["--tokens-file", tokens]).httpHosts).toBeUndefined();
    expect(settings(["--address", "0.0.0.0:1", "--unprotected-on-network", "yes"]).httpHosts).toBeUndefined();
  });

  test("parts of TLS that lack another", () => {
    expect(problem(["--tls-cert", cert])).toBe("--tls-key (CALLWIRE_TLS_KEY): is required beside --tls-cert");
    expect(problem(["--tls-key", key])).toBe("--tls-cert (CALLWIRE_TLS_CERT): is required beside --tls-key");
    expect(problem(["--tls-client-ca", clientCa])).toBe(
      "--tls-cert (CALLWIRE_TLS_CERT): is required beside --tls-client-ca",
    );
  });
});

describe("the file of tokens", () => {
  test("has a subject and a token on each line, and may have comments and empty lines", () => {
    const path = file(
      "tokens-good",
      "# who may call\n\nshop 0123456789abcdef\r\n  job\tfedcba9876543210==\n",
    );
    expect(settings(["--tokens-file", path]).tokens).toEqual(
      new Map([
        ["0123456789abcdef", "shop"],
        ["fedcba9876543210==", "job"],
      ]),
    );
  });

  test.each([
    ["", "has no tokens"],
    ["# nobody\n", "has no tokens"],
    ["0123456789abcdef\n", "line 1 is not of the form '<subject> <token>'"],
    ["shop 0123456789abcdef\nthe job fedcba9876543210\n", "line 2 is not of the form '<subject> <token>'"],
    ["shop 0123456789abcde\n", "line 1: a token has at least 16 characters"],
    [
      "shop 0123456789abcde$\n",
      "line 1: a token is of letters, digits and -._~+/ with = at its end (RFC 6750)",
    ],
    ["shop 0123456789abcdef\njob 0123456789abcdef", "line 2: the token is that of another line too"],
  ])("refused: %j", (text, why) => {
    const message = problem(["--tokens-file", file("tokens-bad", text)]);
    expect(message).toBe(`--tokens-file (CALLWIRE_TOKENS_FILE): ${why}`);
  });
});

describe("an address that the network reaches", () => {
  test.each([
    ["localhost", true],
    ["127.0.0.1", true],
    ["127.8.9.10", true],
    ["[::1]", true],
    ["0.0.0.0", false],
    ["[::]", false],
    ["[::ffff:127.0.0.1]", false],
    ["10.0.0.1", false],
    ["128.0.0.1", false],
    ["127.0.0.1.example.com", false],
    ["localhost.example.com", false],
  ])("%s is loopback: %s", (host, local) => {
    expect(isLoopback(host)).toBe(local);
    const read = () => settings(["--address", `${host}:50051`]);
    if (local) expect(read().reflection).toBe(true);
    else expect(read).toThrow("can be reached from the network");
  });

  const tls = () => ["--tls-cert", cert, "--tls-key", key];
  const notAllowed = (lacks: string) =>
    "--address (CALLWIRE_ADDRESS): '0.0.0.0:1' can be reached from the network, and there is " +
    `${lacks}; give --unprotected-on-network yes if everybody who reaches it may read and change all users`;
  const noTls = "no TLS (--tls-cert, --tls-key)";
  const noTokens = "no authentication (--tokens-file or --tls-client-ca)";

  test("needs both TLS and authentication", () => {
    const address = ["--address", "0.0.0.0:1"];
    expect(problem(address)).toBe(notAllowed(`${noTls} and ${noTokens}`));
    expect(problem([...address, ...tls()])).toBe(notAllowed(noTokens));
    expect(problem([...address, "--tokens-file", tokens])).toBe(notAllowed(noTls));
    expect(settings([...address, ...tls(), "--tokens-file", tokens]).address).toBe("0.0.0.0:1");
    expect(settings([...address, ...tls(), "--tls-client-ca", clientCa]).address).toBe("0.0.0.0:1");
  });

  test("or a flag that says that it is unprotected", () => {
    const args = ["--address", "[::]:1", "--unprotected-on-network"];
    expect(settings([...args, "yes"]).address).toBe("[::]:1");
    expect(problem([...args, "no"])).toContain("can be reached from the network");
  });

  test("has no reflection unless asked for", () => {
    const args = ["--address", "0.0.0.0:1", "--unprotected-on-network", "yes"];
    expect(settings(args).reflection).toBe(false);
    expect(settings([...args, "--reflection", "yes"]).reflection).toBe(true);
  });
});

describe("help", () => {
  test("is asked for by --help, whatever else is wrong", () => {
    expect(readSettings(["--help", "--address", "nowhere"], { CALLWIRE_LOG_LEVEL: "loud" })).toBe("help");
  });

  test("names the variable of every flag", () => {
    for (const { flag, variable } of helpOf()) {
      expect(variable).toBe(`CALLWIRE_${flag.toUpperCase().replaceAll("-", "_")}`);
    }
    expect(helpText().match(/^ {2}--/gm)).toHaveLength(helpOf().length + 1);
  });

  test("says the same as the table of docs/users-service.md", () => {
    const text = readFileSync(new URL("../../../docs/users-service.md", import.meta.url), "utf8");
    const rows = text.matchAll(/^\| `--([a-z-]+)` +\| `([A-Z_]+)` +\| (.+?) +\|/gm);
    const documented = Array.from(rows, ([, flag, variable, fallback = ""]) => {
      return { flag, variable, default: fallback.replaceAll("`", "") };
    });
    expect(documented).toEqual(helpOf());
  });
});
