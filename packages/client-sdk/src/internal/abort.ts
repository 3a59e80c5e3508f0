interface Group {
  callbacks: Set<() => void>;
  run: () => void;
}

const groups = new WeakMap<AbortSignal, Group>();

/**
 * Calls `callback` once when the signal is aborted, at once if it already is; returns what undoes that. All callbacks of
 * one signal share one listener: Node warns of a leak at the eleventh, and a signal may well be shared by thousands of
 * calls.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return () => {};
  }
  let group = groups.get(signal);
  if (!group) {
    const callbacks = new Set<() => void>();
    const run = () => {
      groups.delete(signal);
      for (const each of callbacks) each();
    };
    group = { callbacks, run };
    groups.set(signal, group);
    signal.addEventListener("abort", run, { once: true });
  }
  const { callbacks, run } = group;
  callbacks.add(callback);
  return () => {
    if (!callbacks.delete(callback) || callbacks.size > 0 || signal.aborted) return;
    groups.delete(signal);
    signal.removeEventListener("abort", run);
  };
}

/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as that is aborted. The promise itself goes on,
 * and what becomes of it then is ignored.
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const off = onAbort(signal, () => reject(signal.reason as Error));
    promise.then(resolve, reject).finally(off);
  });
}

/** Waits `ms` milliseconds; rejects at once with the signal's reason when that is aborted. */
export function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<void>((resolve) => {
    // A timer takes no more than 24.8 days: it would fire at once.
    timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
  });
  return untilAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/** The error of a call that a signal ended, named as nice-grpc does. */
export function abortError(): Error {
  const error = new Error("The operation has been aborted");
  error.name = "AbortError";
  return error;
}
