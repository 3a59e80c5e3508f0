import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { checkOptions, checkPem, rules, type RulesOf, type ServerRuntime } from "@callwire/transport/server";
import { ignoreResult } from "./internal/promises.js";
import { warn } from "./internal/warn.js";

/** The TLS settings of a server, in PEM. */
export interface TlsOptions {
  /** The server's certificate, with intermediate ones after it. */
  cert: string | Buffer;
  /** The certificate's private key. */
  key: string | Buffer;
  /**
   * Certificates of the authorities whose clients may connect. If given, every client must show a certificate that one
   * of them signed (mutual TLS). Default: clients need none.
   */
  clientCa?: string | Buffer;
}

const optionRules: RulesOf<TlsOptions> = {
  cert: rules.required(rules.pem),
  key: rules.required(rules.pem),
  clientCa: rules.pem,
};
/** The TLS settings of a server, in files that are looked at again, so that a renewed certificate is used. */
export interface TlsFiles {
  /** The path of {@link TlsOptions.cert}. */
  certFile: string;
  /** The path of {@link TlsOptions.key}. */
  keyFile: string;
  /** The path of {@link TlsOptions.clientCa}. Default: clients need no certificate. */
  clientCaFile?: string;
  /**
   * The time between two looks at the files, in milliseconds, once a server listens; `Infinity` for never. The files are read each
   * time, so they may be replaced in any way: written, renamed, or by symbolic links, as Kubernetes does. Default: 1,000.
   */
  checkIntervalMs?: number;
  /** Takes a line for each new certificate, used or refused. Default: a refused one becomes a warning of the process. */
  logger?: TlsLogger;
}

/** The part of a logger that {@link TlsFiles} need: pino's has it. */
export interface TlsLogger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

type Runtime = Pick<ServerRuntime, "createCredentials" | "reloadCredentials">;

const CHECK_INTERVAL_MS = 1_000;

const path = rules.rule("the path of a file", (value) => typeof value === "string" && value !== "");
const fileRules: RulesOf<TlsFiles> = {
  certFile: rules.required(path),
  keyFile: rules.required(path),
  clientCaFile: path,
  checkIntervalMs: rules.positiveMilliseconds,
  logger: rules.objectWith("info", "error"),
};

const brand = Symbol.for("@callwire/server-kit/TlsCredentials");

/** Credentials for `listen` with TLS, of whatever runtime. Made by {@link tlsCredentials}. `instanceof` works across copies. */
export class TlsCredentials {
  readonly [brand] = true;
  #options: TlsOptions;
  readonly #files: TlsFiles | undefined;
  /** The credentials in use, and how they take new certificates. */
  readonly #made: ((options: TlsOptions) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The last error of the files: it is told once. */
  #lastError = "";

  constructor(options: TlsOptions | TlsFiles) {
    this.#files = "certFile" in options ? options : undefined;
    this.#options = "certFile" in options ? readFiles(options) : options;
    check(this.#options, this.#files);
  }

  /** Makes the runtime's own credentials, and begins to watch the files if there are any. */
  createWith(runtime: Runtime): object {
    const credentials = runtime.createCredentials(this.#options);
    this.#made.push((options) => {
      if (runtime.reloadCredentials === undefined) throw new Error("this runtime cannot renew certificates");
      runtime.reloadCredentials(credentials, options);
    });
    this.#watch();
    return credentials;
  }

  /**
   * Takes new certificates: connections made from now on get them, those there are keep theirs. Clients need a certificate as before.
   *
   * @param options The new ones. Default: those in the files, read now.
   * @throws {Error} if a certificate or the key cannot be read, or one is not of the other: the old ones go on.
   */
  reload(options?: TlsOptions): void {
    if (options !== undefined) checkOptions("TlsCredentials.reload", options, optionRules);
    else if (this.#files === undefined)
      throw new TypeError("reload: give cert and key, as there are no files");
    const renewed = options ?? readFiles(this.#files!);
    check(renewed, options === undefined ? this.#files : undefined);
    const had = this.#options.clientCa !== undefined;
    if (had !== (renewed.clientCa !== undefined)) {
      throw new TypeError(`clientCa cannot be ${had ? "left out" : "added"} while a server listens`);
    }
    for (const take of this.#made) take(renewed);
    this.#options = renewed;
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }

  /** Looks at the files no more. */
  stopWatching(): void {
    clearInterval(this.#timer);
  }

  #watch(): void {
    const { checkIntervalMs = CHECK_INTERVAL_MS } = this.#files ?? { checkIntervalMs: Infinity };
    if (this.#timer !== undefined || checkIntervalMs === Infinity) return;
    this.#timer = setInterval(() => this.#look(), Math.min(checkIntervalMs, 2 ** 31 - 1)).unref();
  }

  /** Reads the files, and takes what is new in them. One of a pair may be replaced before the other: that is an error for a while. */
  #look(): void {
    const { logger } = this.#files!;
    try {
      const found = readSettled(() => readFiles(this.#files!), this.#options);
      if (!isSame(found, this.#options)) {
        this.reload(found);
        ignoreResult(
          logger?.info({ certFile: this.#files!.certFile }, "the renewed certificate is in use"),
          onLoggerFault,
        );
      }
      this.#lastError = "";
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#lastError) return;
      this.#lastError = message;
      this.#tellRefused(error);
    }
  }

  #tellRefused(error: unknown): void {
    const what = "the renewed certificate is refused, and the old one goes on";
    try {
      const { certFile, keyFile, logger } = this.#files!;
      if (logger === undefined) warn(what, error);
      else ignoreResult(logger.error({ err: error, certFile, keyFile }, what), onLoggerFault);
    } catch (fault) {
      onLoggerFault(fault);
    }
  }
}

function onLoggerFault(fault: unknown): void {
  warn("a logger has thrown", fault);
}

/**
 * Credentials for `listen` with TLS, from PEM or from files. Files are watched; PEM is renewed by {@link TlsCredentials.reload}.
 *
 * @throws Error if a file, a certificate or the key cannot be read, or one is not of the other.
 */
export function tlsCredentials(options: TlsOptions | TlsFiles): TlsCredentials {
  const isOfFiles =
    typeof options === "object" && options !== null && ("certFile" in options || "keyFile" in options);
  checkOptions("tlsCredentials", options, isOfFiles ? fileRules : optionRules);
  return new TlsCredentials(options);
}

/** Reads what is wrong now: runtimes would find it only when they listen, and not say it. */
function check({ cert, key, clientCa }: TlsOptions, files?: TlsFiles): void {
  const names = {
    cert: files?.certFile ?? "cert",
    key: files?.keyFile ?? "key",
    ca: files?.clientCaFile ?? "clientCa",
  };
  checkPem({ cert, key, ca: clientCa }, names);
  createSecureContext({ cert, key, ...(clientCa !== undefined && { ca: clientCa }) });
}

/** The most times that files are read while each reading differs from the one before. */
const MAX_READINGS = 5;

/**
 * Reads options until they stay as they are, unless they are those in use: files that are replaced between the reading of one and of
 * the next make a pair that never was.
 */
export function readSettled(read: () => TlsOptions, inUse: TlsOptions): TlsOptions {
  let found = read();
  if (isSame(found, inUse)) return found;
  for (let readings = 1; readings < MAX_READINGS; readings++) {
    const again = read();
    if (isSame(found, again)) break;
    found = again;
  }
  return found;
}

/** Short files, read one right after the other. */
function readFiles({ certFile, keyFile, clientCaFile }: TlsFiles): TlsOptions {
  return {
    cert: readNamed("certFile", certFile),
    key: readNamed("keyFile", keyFile),
    ...(clientCaFile !== undefined && { clientCa: readNamed("clientCaFile", clientCaFile) }),
  };
}

function readNamed(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`tlsCredentials: ${option} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function isSame(a: TlsOptions, b: TlsOptions): boolean {
  const same = (one: string | Buffer | undefined, other: string | Buffer | undefined) =>
    String(one) === String(other);
  return same(a.cert, b.cert) && same(a.key, b.key) && same(a.clientCa, b.clientCa);
}
