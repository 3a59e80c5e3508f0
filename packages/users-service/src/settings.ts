import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { TlsFiles } from "@callwire/server-kit";
import { checkPem, didYouMean, nearestName } from "@callwire/transport";

/** A setting: text with a default, and its meaning. */
interface Setting {
  /** The value's name in `--help`. */
  value: string;
  default: string;
  help: string;
}

/** Every setting by its flag. The environment variable of `--some-flag` is CALLWIRE_SOME_FLAG; the flag wins. */
const settings = {
  address: {
    value: "host:port",
    default: "127.0.0.1:50051",
    help: "where to listen; port 0 takes a free one",
  },
  database: {
    value: "file",
    default: "users.db",
    help: "the SQLite database; it is made if missing; ':memory:' keeps nothing",
  },
  "tls-cert": { value: "file", default: "", help: "serve TLS with this certificate (PEM)" },
  "tls-key": { value: "file", default: "", help: "the certificate's private key (PEM)" },
  "tls-client-ca": {
    value: "file",
    default: "",
    help: "let in only clients with a certificate of this authority (PEM)",
  },
  "tokens-file": {
    value: "file",
    default: "",
    help: "let in only callers with a Bearer token from this file: a line '<subject> <token>' for each",
  },
  "unprotected-on-network": {
    value: "yes|no",
    default: "no",
    help: "listen beyond this machine without TLS or without tokens: anyone who reaches the port may read and change all",
  },
  reflection: {
    value: "auto|yes|no",
    default: "auto",
    help: "serve gRPC reflection; auto does so on a loopback address",
  },
  http: {
    value: "auto|yes|no",
    default: "auto",
    help: "answer REST, gRPC-Web and Connect on the same port; auto does so unless the runtime is nice-grpc, which cannot",
  },
  "http-hosts": {
    value: "auto|any|hosts",
    default: "auto",
    help: "answer HTTP only for these hosts, with commas between; auto is this machine's own names if everybody may call on loopback, and any otherwise",
  },
  "cors-origins": {
    value: "origins",
    default: "",
    help: "let pages of these origins call by HTTP, such as https://app.example.com, with commas between",
  },
  runtime: {
    value: "name",
    default: "transport",
    help: "what carries the calls: transport, the project's own, or nice-grpc, over @grpc/grpc-js",
  },
  "log-level": { value: "level", default: "info", help: "trace, debug, info, warn, error, fatal or silent" },
  "heartbeat-ms": {
    value: "milliseconds",
    default: "15000",
    help: "how long a watch stays silent, 10 to 3600000",
  },
  "retained-changes": {
    value: "number",
    default: "1000000",
    help: "how many changes a watcher can come back over, 1 to 1000000000",
  },
  "max-cached-users": {
    value: "number",
    default: "10000",
    help: "how many users are kept in memory, 0 to 10000000",
  },
  "max-concurrent-lists": {
    value: "number",
    default: "2",
    help: "how many lists that look at all users run at once, each in a thread, 1 to 64",
  },
  "max-waiting-lists": {
    value: "number",
    default: "100",
    help: "how many more such lists wait; one beyond is refused, 0 to 100000",
  },
  "list-timeout-ms": {
    value: "milliseconds",
    default: "10000",
    help: "how long such a list may run, 1 to 3600000",
  },
  "shutdown-timeout-ms": {
    value: "milliseconds",
    default: "10000",
    help: "how long running calls may take to end when the service stops, 0 to 3600000",
  },
} satisfies Record<string, Setting>;

type Flag = keyof typeof settings;

/** The settings of the users service, validated. */
export interface Settings {
  address: string;
  database: string;
  /** Files that can be read. They are looked at again while the service runs. */
  tls: Pick<TlsFiles, "certFile" | "keyFile" | "clientCaFile"> | undefined;
  /** Subjects by their tokens; undefined lets in everybody. */
  tokens: ReadonlyMap<string, string> | undefined;
  reflection: boolean;
  /** True if REST and JSON are answered on the same port. */
  http: boolean;
  /** The hosts that HTTP is answered for; undefined is any. */
  httpHosts: readonly string[] | undefined;
  /** The origins whose pages may call by HTTP. */
  corsOrigins: readonly string[];
  runtime: "transport" | "nice-grpc";
  logLevel: string;
  heartbeatMs: number;
  retainedChanges: number;
  maxCachedUsers: number;
  maxConcurrentLists: number;
  maxWaitingLists: number;
  listTimeoutMs: number;
  shutdownTimeoutMs: number;
}

/** A setting is wrong; the message names it by its flag and its environment variable. */
export class SettingError extends Error {
  override name = "SettingError";
}

const variableOf = (flag: string) => `CALLWIRE_${flag.toUpperCase().replaceAll("-", "_")}`;

/** The names by which clients on this machine ask for it. */
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** The text of `--help`. */
export function helpText(): string {
  const lines = Object.entries<Setting>(settings).map(
    ([flag, { value, default: fallback, help }]) =>
      `  --${flag} <${value}>\n        ${help}\n        ${variableOf(flag)}; default: ${fallback || "none"}`,
  );
  return `The users service: a directory of users over gRPC (users.UserService), and by REST, gRPC-Web and Connect on the same port.

Each setting is a flag or an environment variable; the flag wins.

${lines.join("\n")}
  --help, -h
        print this
`;
}

/**
 * Reads and checks all settings.
 *
 * @throws {SettingError} at the first that is wrong.
 */
export function readSettings(args: readonly string[], env: Readonly<NodeJS.ProcessEnv>): Settings | "help" {
  const given = parseFlags(args);
  if (given["help"] === true) return "help";
  checkVariables(env);

  const text = textsOf(given, env);
  const choice = <T extends string>(flag: Flag, ...choices: T[]): T => {
    const value = choices.find((one) => one === text(flag));
    if (value === undefined) throw wrong(flag, `'${text(flag)}' is none of ${choices.join(", ")}`);
    return value;
  };
  const whole = (flag: Flag, min: number, max: number): number => {
    const value = text(flag);
    if (!/^\d{1,10}$/.test(value) || Number(value) < min || Number(value) > max) {
      throw wrong(flag, `'${value}' is not a whole number from ${min} to ${max}`);
    }
    return Number(value);
  };
  const file = (flag: Flag): Buffer | undefined => {
    if (text(flag) === "") return undefined;
    try {
      return readFileSync(text(flag));
    } catch (error) {
      throw wrong(flag, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  const address = text("address");
  const host = /^(\[[0-9a-f:.]+\]|[^\s/:?#@[\]]+):(\d{1,5})$/i.exec(address);
  if (!host || Number(host[2]) > 65_535)
    throw wrong(
      "address",
      `'${address}' is not of the form host:port, as 127.0.0.1:50051 and [::1]:50051 are`,
    );
  const local = isLoopback(host[1] ?? "");

  const cert = file("tls-cert");
  const key = file("tls-key");
  const clientCa = file("tls-client-ca");
  if (cert && !key) throw wrong("tls-key", "is required beside --tls-cert");
  if (!cert && key) throw wrong("tls-cert", "is required beside --tls-key");
  if (!cert && clientCa) throw wrong("tls-cert", "is required beside --tls-client-ca");

  const tokensFile = file("tokens-file");
  const tokens = tokensFile && parseTokens(tokensFile.toString("utf8"), (why) => wrong("tokens-file", why));

  const identified = tokens !== undefined || clientCa !== undefined;
  const unprotected = choice("unprotected-on-network", "yes", "no") === "yes";
  if (!local && !(cert && identified) && !unprotected) {
    const lacks = [
      cert ? [] : "TLS (--tls-cert, --tls-key)",
      identified ? [] : "authentication (--tokens-file or --tls-client-ca)",
    ];
    throw wrong(
      "address",
      `'${address}' can be reached from the network, and there is no ${lacks.flat().join(" and no ")}; ` +
        "give --unprotected-on-network yes if everybody who reaches it may read and change all users",
    );
  }

  const reflection = choice("reflection", "auto", "yes", "no");
  const runtime = choice("runtime", "transport", "nice-grpc");
  const http = choice("http", "auto", "yes", "no");
  if (http === "yes" && runtime === "nice-grpc")
    throw wrong("http", "'yes' goes with --runtime transport: nice-grpc has no HTTP beside gRPC on its port");
  const isHttp = http === "auto" ? runtime === "transport" : http === "yes";
  const hosts = text("http-hosts");
  for (const name of listOf(hosts)) {
    if (!/^(?:\[[0-9a-f:.]+\]|[^:/?#@\s]+)$/i.test(name))
      throw wrong("http-hosts", `'${name}' is no host without a port, as api.example.com is`);
  }
  const corsOrigins = listOf(text("cors-origins"));
  if (corsOrigins.length > 0 && !isHttp)
    throw wrong("cors-origins", "is of no use where --http is no: pages call by HTTP");
  for (const origin of corsOrigins) {
    if (origin !== "*" && (!URL.canParse(origin) || new URL(origin).origin !== origin))
      throw wrong("cors-origins", `'${origin}' is no origin, as https://app.example.com is`);
  }
  const database = text("database");
  if (database === "") throw wrong("database", "is empty");
  // What SQLite or its drivers would take for another thing than a path.
  if (/^[a-z]+:\/\/|^file:/i.test(database))
    throw wrong("database", `'${database}' is a URL: it must be the path of a file, or ':memory:'`);
  if (database.startsWith(":") && database !== ":memory:")
    throw wrong("database", `'${database}' is no path; did you mean ':memory:'?`);
  return {
    address,
    database,
    tls: cert && {
      certFile: text("tls-cert"),
      keyFile: text("tls-key"),
      ...(clientCa && { clientCaFile: text("tls-client-ca") }),
    },
    tokens,
    reflection: reflection === "auto" ? local : reflection === "yes",
    http: isHttp,
    httpHosts: hostsOf(hosts, host[1]!, local && !identified),
    corsOrigins,
    runtime,
    logLevel: choice("log-level", "trace", "debug", "info", "warn", "error", "fatal", "silent"),
    heartbeatMs: whole("heartbeat-ms", 10, 3_600_000),
    retainedChanges: whole("retained-changes", 1, 1_000_000_000),
    maxCachedUsers: whole("max-cached-users", 0, 10_000_000),
    maxConcurrentLists: whole("max-concurrent-lists", 1, 64),
    maxWaitingLists: whole("max-waiting-lists", 0, 100_000),
    listTimeoutMs: whole("list-timeout-ms", 1, 3_600_000),
    shutdownTimeoutMs: whole("shutdown-timeout-ms", 0, 3_600_000),
  };
}

/**
 * Reads the certificates and the key of settings that were read.
 *
 * @throws {SettingError} that names the flag and the file of what is no PEM, swapped, or not the key of its certificate.
 */
export function checkTlsFiles(
  { tls }: Settings,
  args: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): void {
  if (tls === undefined) return;
  const text = textsOf(parseFlags(args), env);
  const name = (flag: Flag) => `--${flag} (${variableOf(flag)}): ${text(flag)}`;
  try {
    checkPem(
      {
        cert: readFileSync(tls.certFile),
        key: readFileSync(tls.keyFile),
        ca: tls.clientCaFile === undefined ? undefined : readFileSync(tls.clientCaFile),
      },
      { cert: name("tls-cert"), key: name("tls-key"), ca: name("tls-client-ca") },
    );
  } catch (error) {
    throw new SettingError((error as Error).message, { cause: error });
  }
}

/**
 * The hosts that HTTP is answered for. Where everybody may call, loopback protects: but a page can have its own name lead there.
 *
 * @param host That of the address.
 */
function hostsOf(text: string, host: string, everybodyMayCall: boolean): readonly string[] | undefined {
  if (text === "any" || (text === "auto" && !everybodyMayCall)) return undefined;
  return text === "auto" ? [...new Set([...LOOPBACK_NAMES, host])] : listOf(text);
}

/** The texts between commas. */
function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function textsOf(
  given: ReturnType<typeof parseFlags>,
  env: Readonly<NodeJS.ProcessEnv>,
): (flag: Flag) => string {
  return (flag) => {
    const value = given[flag];
    const text = typeof value === "string" ? value : (env[variableOf(flag)] ?? settings[flag].default);
    // As files of variables have it whose lines end as on Windows.
    if (text !== text.trim())
      throw wrong(flag, `${JSON.stringify(text)} begins or ends with white space, which must go`);
    return text;
  };
}

function wrong(flag: Flag, why: string): SettingError {
  return new SettingError(`--${flag} (${variableOf(flag)}): ${why}`);
}

/** Names that other programs have for a setting. */
const OTHER_NAMES: Readonly<Record<string, Flag>> = {
  bind: "address",
  cert: "tls-cert",
  db: "database",
  host: "address",
  key: "tls-key",
  listen: "address",
  log: "log-level",
  port: "address",
  tls: "tls-cert",
};

/** The flag that is most likely meant by a name, in whatever case; undefined if none is. */
function meantFlag(name: string): Flag | undefined {
  const plain = name.toLowerCase().replaceAll("_", "-");
  const other = Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined;
  return other ?? (nearestName(name, Object.keys(settings)) as Flag | undefined);
}

/** Variables that are not the service's: the demo's token, and those that Kubernetes makes for a service named callwire…. */
const foreignVariables =
  /^CALLWIRE_(TOKEN|(\w+_)?SERVICE_(HOST|PORT(_\w+)?)|(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** @throws {SettingError} for a variable that names no setting: it would be passed over. */
function checkVariables(env: Readonly<NodeJS.ProcessEnv>): void {
  const known = Object.keys(settings).map(variableOf);
  for (const [name, value = ""] of Object.entries(env)) {
    if (!/^CALLWIRE_/i.test(name) || known.includes(name) || foreignVariables.test(name)) continue;
    // Kubernetes has one such too, with a URL.
    if (name.endsWith("_PORT") && /^\w+:\/\//.test(value)) continue;
    const flag = meantFlag(name.slice("CALLWIRE_".length));
    const hint = flag === undefined ? "" : `; did you mean '${variableOf(flag)}'?`;
    throw new SettingError(`there is no setting ${name}${hint}; --help lists all`);
  }
}

function parseFlags(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        ...Object.fromEntries(Object.keys(settings).map((flag) => [flag, { type: "string" } as const])),
      },
    }).values;
  } catch (error) {
    throw new SettingError(flagProblem(error as NodeJS.ErrnoException, args), { cause: error });
  }
}

/** Pure: what is wrong with the flags, by the error of `parseArgs`. */
function flagProblem({ code, message }: NodeJS.ErrnoException, args: readonly string[]): string {
  const quoted = /'(.*?)'/.exec(message)?.[1] ?? "";
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const flag = quoted.replace(/^-+/, "");
    const meant = Object.hasOwn(OTHER_NAMES, flag) ? OTHER_NAMES[flag] : undefined;
    const hint =
      meant === undefined
        ? didYouMean(flag, [...Object.keys(settings), "help"]).replace("'", "'--")
        : `; did you mean '--${meant}'?`;
    return `Unknown option '${quoted}'${hint}; --help lists all`;
  }
  if (code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") {
    const npm = args.some((arg) => arg.startsWith("--"))
      ? ""
      : "; npm passes flags on only behind '--', as in 'npm start -- --address 127.0.0.1:50051'";
    return `Unexpected argument '${quoted}': settings are given as '--name value'${npm}; --help lists all`;
  }
  // Of a flag whose value begins with a dash, which may be the next flag.
  if (message.includes("is ambiguous")) {
    const next = args[args.indexOf(quoted) + 1];
    return `'${quoted}' has no value before '${next}'; one that begins with '-' is given as '${quoted}=${next}'; --help lists all`;
  }
  return `${message.split("\n")[0]}; --help lists all`;
}

/** True if only this machine can reach a host: localhost, 127.0.0.0/8 and ::1 (RFC 6890). */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function parseTokens(text: string, wrong: (why: string) => SettingError): Map<string, string> {
  const tokens = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [subject, token, ...rest] = line.trim().split(/\s+/);
    // The file is secret: a message names the line, never the text.
    if (!subject || !token || rest.length > 0)
      throw wrong(`line ${index + 1} is not of the form '<subject> <token>'`);
    if (token.length < 16) throw wrong(`line ${index + 1}: a token has at least 16 characters`);
    if (!/^[\w.~+/-]+=*$/.test(token)) {
      throw wrong(`line ${index + 1}: a token is of letters, digits and -._~+/ with = at its end (RFC 6750)`);
    }
    if (tokens.has(token)) throw wrong(`line ${index + 1}: the token is that of another line too`);
    tokens.set(token, subject);
  }
  if (tokens.size === 0) throw wrong("has no tokens");
  return tokens;
}
