// Stands in for `abort.ts` in the client for browsers: the same, with a listener that stays for as long as its signal.
const callbacksOf = /* @__PURE__ */ new WeakMap<AbortSignal, Set<() => void>>();

export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) callback();
  let callbacks = callbacksOf.get(signal)!;
  if (!callbacks) {
    callbacksOf.set(signal, (callbacks = new Set()));
    signal.addEventListener("abort", () => callbacks.forEach((each) => each()));
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

export function abortError(): Error {
  return new DOMException("The operation has been aborted", "AbortError");
}
