#!/usr/bin/env node
import { inspect } from "node:util";
import { createLogger, stopOnSignals } from "@callwire/server-kit";
import { banner, listeningFields } from "./banner.js";
import { checkTlsFiles, helpText, readSettings, SettingError } from "./settings.js";
import { startUsersService } from "./start.js";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const settings = readSettings(args, process.env);
  if (settings === "help") {
    process.stdout.write(helpText());
    return;
  }
  checkTlsFiles(settings, args, process.env);
  const logger = createLogger({ name: "users-service", level: settings.logLevel });
  const niceGrpc =
    settings.runtime === "nice-grpc" && (await import("@callwire/server-kit/nice-grpc")).niceGrpc;
  const service = await startUsersService(settings, { logger, ...(niceGrpc && { runtime: niceGrpc }) });
  if (process.stdout.isTTY && settings.logLevel !== "silent")
    process.stdout.write(`${banner(settings, service.port)}\n`);
  else logger.info(listeningFields(settings, service.port), "listening");
  const report = await stopOnSignals(service, {
    onSignal: (signal) => logger.info({ signal }, "stopping; a second signal forces"),
  });
  logger.info(report, "stopped");
}

try {
  await main();
} catch (error) {
  // A mistake in settings, address or database gets a plain message; a bug shows its stack.
  const explained = error instanceof SettingError || (error instanceof Error && error.constructor === Error);
  process.stderr.write(`users-service: ${explained ? error.message : inspect(error)}\n`);
  process.exitCode = 1;
}
