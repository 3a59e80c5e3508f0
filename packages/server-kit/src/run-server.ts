import { checkOptions, checkValue, rules, type RulesOf } from "@callwire/transport/server";
import type { CallwireServer, ShutdownReport } from "./create-server.js";
import type { Logger } from "./logger.js";
import { stopOnSignals } from "./stop-on-signals.js";
import { TlsCredentials, tlsCredentials, type TlsFiles } from "./tls-credentials.js";

/** The files of a server's TLS, as settings of the environment give them: without a certificate and a key there is no TLS. */
export type OptionalTlsFiles = {
  readonly [Name in keyof TlsFiles]?: TlsFiles[Name] | undefined;
};

/** Options for {@link runServer}. */
export interface RunServerOptions {
  /** Where to listen: `host:port` or `unix:path`; port 0 takes a free one. */
  address: string;
  /**
   * Serves TLS: credentials that `tlsCredentials` made, or the files for it. Files whose names are undefined or empty are not given:
   * without both a certificate and a key there is no TLS, and one without the other is an error. Default: no TLS.
   */
  tls?: TlsCredentials | OptionalTlsFiles | undefined;
  /** Takes a line when the server listens and when it has stopped, and of renewed certificates. */
  logger: Pick<Logger, "info" | "warn" | "error">;
  /** The time that running calls may take to end when the server stops, in milliseconds. Default: 10,000. */
  shutdownTimeoutMs?: number;
}

const optionRules: RulesOf<RunServerOptions> = {
  address: rules.required(rules.text),
  tls: rules.anyObject,
  logger: rules.required(rules.objectWith("info", "warn", "error")),
  shutdownTimeoutMs: rules.milliseconds(),
};

/** Addresses that other machines cannot reach. */
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$|^unix(-abstract)?:/i;

/**
 * Runs a server until SIGTERM or SIGINT, then stops it gracefully; a second signal cuts off what still runs. Logs where it listens,
 * whether with TLS, and how it has stopped. Resolves when it has.
 *
 * @throws {Error} as `listen` and `tlsCredentials` do, above all if the address is taken or a file cannot be read.
 */
export async function runServer(
  server: Pick<CallwireServer<unknown>, "listen" | "shutdown" | "forceShutdown">,
  options: RunServerOptions,
): Promise<ShutdownReport> {
  const needed = rules.required(rules.objectWith("listen", "shutdown", "forceShutdown"));
  checkValue("runServer", "the server", server, needed);
  checkOptions("runServer", options, optionRules);
  const { address, logger, shutdownTimeoutMs } = options;
  const credentials = credentialsOf(options);
  const port = await server.listen(address, credentials);
  const listening = { address: address.replace(/:0$/, `:${port}`), port, tls: credentials !== undefined };
  logger.info(listening, "listening");
  if (credentials === undefined && !LOCAL.test(address)) {
    logger.warn({ address }, "no TLS: tokens and messages cross the network in clear text");
  }
  try {
    const report = await stopOnSignals(server, {
      ...(shutdownTimeoutMs !== undefined && { timeoutMs: shutdownTimeoutMs }),
      onSignal: (signal) => logger.info({ signal }, "stopping"),
    });
    logger.info(report, "stopped");
    return report;
  } finally {
    credentials?.stopWatching();
  }
}

function credentialsOf({ tls, logger }: RunServerOptions): TlsCredentials | undefined {
  if (tls === undefined || tls instanceof TlsCredentials) return tls;
  const given = Object.entries(tls).filter(([, value]) => value !== undefined && value !== "");
  if (!given.some(([name]) => name.endsWith("File"))) return undefined;
  // It names the file that is missing.
  return tlsCredentials({ logger, certFile: undefined, ...Object.fromEntries(given) } as unknown as TlsFiles);
}
