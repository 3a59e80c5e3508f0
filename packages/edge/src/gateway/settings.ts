import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { didYouMean } from "@callwire/transport";
import type { EdgeJsonOptions } from "../edge-options.js";

/** An option of the command line. */
interface Option {
  /** The name of its value in `--help`. An option without one is a switch. */
  readonly value?: string;
  readonly default?: string;
  /** True if it may be given several times. */
  readonly multiple?: boolean;
  readonly help: string;
}

const options = {
  target: { value: "host:port", help: "the gRPC server; a name of gRPC's, https:// and unix: are taken too" },
  descriptors: {
    value: "file",
    help: "the contract: a FileDescriptorSet, by 'buf build -o' or 'protoc --include_imports --descriptor_set_out'. Without it, the server is asked by its reflection, once, at the start",
  },
  service: {
    value: "name",
    multiple: true,
    help: "serve this service alone, by its full name; may be repeated",
  },
  listen: {
    value: "host:port",
    default: "127.0.0.1:8080",
    help: "where HTTP is served; port 0 takes a free one",
  },
  "allow-host": {
    value: "host",
    multiple: true,
    help: "answer to this host alone, as api.example.com, without a port; any is every host; may be repeated. Without it, --listen on a loopback address answers to this machine's own names, and any other to every host",
  },
  tls: { help: "call the server over TLS, by a certificate of an authority that Node.js trusts" },
  "tls-ca": { value: "file", help: "call it over TLS, by a certificate of this authority (PEM)" },
  "tls-cert": { value: "file", help: "the gateway's own certificate for the server (PEM)" },
  "tls-key": { value: "file", help: "the private key of that certificate (PEM)" },
  "cors-origin": { value: "origin", multiple: true, help: "let pages of this origin call; may be repeated" },
  "request-metadata": {
    value: "name",
    multiple: true,
    help: "pass this header field on as metadata, beside authorization and those of tracing; may be repeated",
  },
  "response-metadata": {
    value: "name",
    multiple: true,
    help: "pass this metadata on as a header field, beside x-request-id; may be repeated",
  },
  "mcp-tool": {
    value: "method",
    multiple: true,
    help: "serve this method, as users.UserService/GetUser, as a tool of the Model Context Protocol at /mcp; may be repeated",
  },
  "original-names": { help: "name fields in JSON as the contract does: created_at" },
  "always-emit-implicit": { help: "write fields that have their default, too" },
  "enums-as-integers": { help: "write enums as numbers" },
  "ignore-unknown-fields": { help: "pass over fields and parameters that the contract does not have" },
  "update-mask-from-body": { help: "let the body of a PATCH without a mask name what it changes" },
  "log-level": {
    value: "level",
    default: "info",
    help: "trace, debug, info, warn, error, fatal or silent",
  },
  "shutdown-timeout-ms": {
    value: "milliseconds",
    default: "10000",
    help: "how long running requests may take to end after SIGTERM, 0 to 3600000",
  },
  help: { help: "print this" },
  version: { help: "print the version" },
} satisfies Record<string, Option>;

type Name = keyof typeof options;

const all: Readonly<Record<string, Option>> = options;

/** The names by which nobody but this machine is reached. */
const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const MAX_SHUTDOWN_TIMEOUT_MS = 3_600_000;

/** The certificates of the connection to the server. */
export interface TlsFiles {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** What the gateway does, by its command line. */
export interface GatewaySettings {
  readonly target: string;
  /** The contract, and where it comes from. Undefined if the server is asked for it. */
  readonly descriptors: { readonly file: string; readonly bytes: Uint8Array } | undefined;
  /** The full names of the services to serve; empty for all. */
  readonly services: readonly string[];
  readonly host: string;
  readonly port: number;
  /** The hosts that are answered to; undefined for any. */
  readonly hosts: readonly string[] | undefined;
  /** Undefined for clear text, unless the target says https. */
  readonly tls: TlsFiles | undefined;
  readonly corsOrigins: readonly string[];
  readonly requestMetadata: readonly string[];
  readonly responseMetadata: readonly string[];
  /** The methods that become tools. */
  readonly mcpTools: readonly string[];
  readonly json: EdgeJsonOptions;
  readonly updateMaskFromBody: boolean;
  readonly logLevel: string;
  readonly shutdownTimeoutMs: number;
}

/** A mistake in the command line. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = Object.entries(all).map(([name, { value, default: fallback, help }]) => {
    const shown = fallback === undefined ? "" : `; default: ${fallback}`;
    return `  --${name}${value === undefined ? "" : ` <${value}>`}\n        ${help}${shown}\n`;
  });
  return `npx @callwire/edge --target host:port [options]

REST and JSON before a gRPC server of any language, by the google.api.http annotations of its contract.

${lines.join("")}`;
}

/**
 * Reads the command line, and the files that it names.
 *
 * @throws {UsageError} that names the option, and what is wrong with it.
 */
export function readSettings(args: readonly string[]): GatewaySettings | "help" | "version" {
  const given = parse(args);
  if (given.has("help")) return "help";
  if (given.has("version")) return "version";
  const text = (name: Name): string | undefined => given.get(name)?.at(-1) ?? all[name]!.default;
  const texts = (name: Name): readonly string[] => given.get(name) ?? [];
  const file = (name: Name): Buffer | undefined => {
    const path = text(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch (error) {
      throw new UsageError(`--${name}: cannot be read: ${(error as Error).message}`, { cause: error });
    }
  };

  const target = text("target");
  if (target === undefined)
    throw new UsageError(
      "--target is missing: the address of the gRPC server, as in --target 127.0.0.1:50051",
    );
  checkTarget(target);
  const listen = text("listen")!;
  const [, host = "", port] = /^(.+):(\d{1,5})$/.exec(listen) ?? [];
  if (port === undefined || Number(port) > 65_535)
    throw new UsageError(`--listen: '${listen}' is not of the form host:port, as 127.0.0.1:8080 is`);
  const logLevel = text("log-level")!;
  if (!LOG_LEVELS.includes(logLevel)) {
    const hint = didYouMean(logLevel, LOG_LEVELS);
    throw new UsageError(`--log-level: '${logLevel}' is none of ${LOG_LEVELS.join(", ")}${hint}`);
  }
  const shutdownTimeout = text("shutdown-timeout-ms")!;
  if (!/^\d{1,7}$/.test(shutdownTimeout) || Number(shutdownTimeout) > MAX_SHUTDOWN_TIMEOUT_MS) {
    throw new UsageError(
      `--shutdown-timeout-ms: '${shutdownTimeout}' is not a whole number from 0 to ${MAX_SHUTDOWN_TIMEOUT_MS}`,
    );
  }
  const [ca, cert, key] = [file("tls-ca"), file("tls-cert"), file("tls-key")];
  if (cert !== undefined && key === undefined)
    throw new UsageError("--tls-key is required beside --tls-cert");
  if (cert === undefined && key !== undefined)
    throw new UsageError("--tls-cert is required beside --tls-key");
  const bytes = file("descriptors");
  return {
    target,
    descriptors: bytes && { file: text("descriptors")!, bytes },
    services: texts("service"),
    // An IPv6 address has brackets before a port.
    host: host.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port),
    hosts: hostsOf(texts("allow-host"), host),
    tls: given.has("tls") || ca !== undefined || cert !== undefined ? { ca, cert, key } : undefined,
    corsOrigins: texts("cors-origin"),
    requestMetadata: texts("request-metadata"),
    responseMetadata: texts("response-metadata"),
    mcpTools: texts("mcp-tool"),
    json: {
      originalNames: given.has("original-names"),
      alwaysEmitImplicit: given.has("always-emit-implicit"),
      enumsAsIntegers: given.has("enums-as-integers"),
      ignoreUnknownFields: given.has("ignore-unknown-fields"),
    },
    updateMaskFromBody: given.has("update-mask-from-body"),
    logLevel,
    shutdownTimeoutMs: Number(shutdownTimeout),
  };
}

/** The schemes of a channel's addresses: others would be taken for a part of a name. */
const TARGET_SCHEMES = ["dns", "http", "https", "ipv4", "ipv6", "unix", "unix-abstract"];

/** @throws {UsageError} for a scheme that no address has. */
function checkTarget(target: string): void {
  const [, scheme, rest = ""] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/i.exec(target) ?? [];
  if (scheme === undefined || TARGET_SCHEMES.includes(scheme.toLowerCase())) return;
  throw new UsageError(`--target: '${target}' has a scheme that is not known; did you mean '${rest}'?`);
}

/** A page can have its own name lead to this machine (DNS rebinding): where loopback protects the gateway, that is no way in. */
function hostsOf(allowed: readonly string[], listenHost: string): readonly string[] | undefined {
  if (allowed.includes("any")) return undefined;
  if (allowed.length > 0) return allowed;
  if (!/^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(listenHost)) return undefined;
  const own = listenHost.includes(":") ? [] : [listenHost];
  return [...new Set([...LOOPBACK_HOSTS, ...own])];
}

/** The values of the options that are given; a switch has none. */
function parse(args: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(all).map(([name, { value }]) => [
        name,
        { type: value === undefined ? "boolean" : "string" } as const,
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === "positional")
      throw new UsageError(`'${token.value}' is no option: they are given as '--name value'`);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(all, name)) {
      const hint = didYouMean(name, Object.keys(all)).replace("'", "'--");
      throw new UsageError(`there is no option '${rawName}'${hint}`);
    }
    const option = all[name]!;
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    } else if (value === undefined || value === "" || value.startsWith("--"))
      throw new UsageError(`${rawName} needs a value: <${option.value}>`);
    const before = given.get(name) ?? [];
    if (before.length > 0 && option.value !== undefined && option.multiple !== true)
      throw new UsageError(`${rawName} is given twice`);
    given.set(name, value === undefined ? before : [...before, value]);
  }
  return given;
}
