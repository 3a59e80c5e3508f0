/** The calls that a signal ends. */
export interface Abortable {
  /** @param error The error of {@link abortError}, which all calls of the signal share. */
  onAbort(error: Error): void;
}

/** The calls that each signal ends, with one listener for all: a signal may be shared by thousands of calls. */
const groups = new WeakMap<AbortSignal, Set<Abortable>>();

/** Calls `onAbort` when the signal is aborted, which it must not be yet. */
export function listenForAbort(signal: AbortSignal, target: Abortable): void {
  const group = groups.get(signal);
  if (group !== undefined) {
    group.add(target);
    return;
  }
  groups.set(signal, new Set([target]));
  signal.addEventListener("abort", onAbort);
}

/** Undoes {@link listenForAbort}. */
export function stopListening(signal: AbortSignal, target: Abortable): void {
  const group = groups.get(signal);
  if (group === undefined || !group.delete(target) || group.size > 0) return;
  groups.delete(signal);
  signal.removeEventListener("abort", onAbort);
}

function onAbort(this: AbortSignal): void {
  const group = groups.get(this);
  groups.delete(this);
  this.removeEventListener("abort", onAbort);
  // One for each would cost more than all else that their ends do.
  const error = abortError();
  for (const target of group ?? []) target.onAbort(error);
}

/** The error of a call that its signal ended, named as nice-grpc does. */
export function abortError(): Error {
  const error = new Error("The operation has been aborted");
  error.name = "AbortError";
  return error;
}
