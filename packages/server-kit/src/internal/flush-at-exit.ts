import { isMainThread } from "node:worker_threads";

/** The output that must be written before a process exits. */
interface Flushable {
  flushSync(): void;
}

/** Signals that end a process at once, without an `exit` event, if nobody listens to them. */
const signals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP"];

const all = new Set<Flushable>();

/** Flushes when the process exits: by itself, `process.exit`, an error that nobody caught, or a signal that ends it. */
export function flushAtExit(one: Flushable): void {
  if (all.size === 0) {
    process.on("exit", flushAll);
    if (isMainThread) for (const signal of signals) process.prependListener(signal, onSignal);
  }
  all.add(one);
}

function flushAll(): void {
  for (const one of all) one.flushSync();
}

/**
 * Without this listener, the signal would have ended the process. If there is no other, it does so now; the others may stop it
 * as they like, which ends in an `exit`. They are not to count this one.
 */
function onSignal(signal: NodeJS.Signals): void {
  process.off(signal, onSignal);
  if (process.listenerCount(signal) > 0) {
    setImmediate(() => process.prependListener(signal, onSignal));
    return;
  }
  flushAll();
  process.kill(process.pid, signal);
}
