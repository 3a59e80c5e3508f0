import { readFileSync } from "node:fs";
import { createLogger, stopOnSignals } from "@callwire/server-kit";
import { helpText, readSettings, UsageError } from "./gateway/settings.js";
import { startGateway } from "./gateway/start-gateway.js";

/** Runs the program until a signal ends it; resolves to its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const settings = readSettings(args);
    if (settings === "help" || settings === "version") {
      process.stdout.write(settings === "help" ? helpText() : `${version()}\n`);
      return 0;
    }
    const logger = createLogger({ name: "edge", level: settings.logLevel });
    const gateway = await startGateway(settings, logger);
    const { host, target } = settings;
    const address = `http://${host.includes(":") ? `[${host}]` : host}:${gateway.port}`;
    logger.info({ address, target, routes: gateway.edge.routes.length }, "listening");
    for (const { httpMethod, path, method } of gateway.edge.routes)
      logger.debug({ "http.request.method": httpMethod, "http.route": path, method }, "serving");
    const { forced } = await stopOnSignals(gateway, {
      timeoutMs: settings.shutdownTimeoutMs,
      onSignal: (signal) => logger.info({ signal }, "stopping"),
    });
    logger.info({ forced }, "stopped");
    return 0;
  } catch (error) {
    process.stderr.write(`callwire-edge: ${(error as Error).message}\n`);
    if (error instanceof UsageError) process.stderr.write("'npx @callwire/edge --help' lists all options\n");
    return 1;
  }
}

function version(): string {
  const { version: own } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return own;
}
