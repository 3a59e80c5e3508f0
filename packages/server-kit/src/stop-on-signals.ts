import { constants } from "node:os";
import { checkOptions, checkValue, rules, type RulesOf } from "@callwire/transport/server";
import type { ShutdownReport } from "./create-server.js";
import { ignoreResult } from "./internal/promises.js";
import { warn } from "./internal/warn.js";

/** Options for {@link stopOnSignals}. */
export interface StopOnSignalsOptions {
  /** The signals that stop the server. Default: SIGTERM and SIGINT. */
  signals?: readonly NodeJS.Signals[];
  /** The time that running calls may take to end, in milliseconds. Default: 10,000, as for `shutdown`. */
  timeoutMs?: number;
  /** Called with the signal that begins the stop. Default: none. */
  onSignal?: (signal: NodeJS.Signals) => void;
}

const optionRules: RulesOf<StopOnSignalsOptions> = {
  signals: rules.listOf(
    rules.rule("a signal", (value) => Object.hasOwn(constants.signals, value as string)),
    "names of signals such as 'SIGTERM'",
  ),
  timeoutMs: rules.milliseconds(),
  onSignal: rules.callable,
};

/** The server that {@link stopOnSignals} stops. */
export interface Stoppable {
  shutdown(options?: { timeoutMs?: number }): Promise<ShutdownReport>;
  forceShutdown(): void;
}

/**
 * The same signal again within this time, in milliseconds, is no second one: a terminal's Ctrl-C reaches the process from
 * the terminal and, under npm, from npm too.
 */
const SAME_SIGNAL_MS = 100;

/**
 * Waits for a signal, then stops the server: gracefully at the first, at once at the second. Resolves when the server
 * has ended, to what the shutdown reports. Signals that come later do again what they do by default.
 */
export async function stopOnSignals(
  server: Stoppable,
  options: StopOnSignalsOptions = {},
): Promise<ShutdownReport> {
  checkValue(
    "stopOnSignals",
    "the server",
    server,
    rules.required(rules.objectWith("shutdown", "forceShutdown")),
  );
  checkOptions("stopOnSignals", options, optionRules);
  const { signals = ["SIGTERM", "SIGINT"], timeoutMs, onSignal } = options;
  let listener: NodeJS.SignalsListener;
  const stopping = new Promise<ShutdownReport>((resolve, reject) => {
    let first: { signal: NodeJS.Signals; at: number } | undefined;
    listener = (signal) => {
      if (first) {
        const same = signal === first.signal && performance.now() - first.at < SAME_SIGNAL_MS;
        if (!same) server.forceShutdown();
        return;
      }
      first = { signal, at: performance.now() };
      tell(onSignal, signal);
      server.shutdown(timeoutMs === undefined ? {} : { timeoutMs }).then(resolve, reject);
    };
    for (const signal of signals) process.on(signal, listener);
  });
  try {
    return await stopping;
  } finally {
    for (const signal of signals) process.off(signal, listener!);
  }
}

/** Calls a listener, whose mistakes keep no server from its stop. */
function tell(listener: StopOnSignalsOptions["onSignal"], signal: NodeJS.Signals): void {
  const onFault = (thrown: unknown) => warn("stopOnSignals: onSignal has thrown", thrown);
  try {
    ignoreResult(listener?.(signal), onFault);
  } catch (thrown) {
    onFault(thrown);
  }
}
