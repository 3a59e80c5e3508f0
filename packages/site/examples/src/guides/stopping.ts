import { stopOnSignals, type CallwireServer, type Logger } from "@callwire/server-kit";

/** Serves until a signal, then drains. */
export async function serveUntilSignal(
  server: CallwireServer<object>,
  address: string,
  logger: Pick<Logger, "info" | "warn">,
  closeStore: () => Promise<void>,
) {
  await server.listen(address);
  const report = await stopOnSignals(server, {
    timeoutMs: 20_000,
    onSignal: (signal) => logger.info({ signal }, "stopping"),
  });
  for (const path of report.cutOff) logger.warn({ path }, "cut off");
  await closeStore();
}
