/**
 * Takes the result of a function whose result nobody waits for. If it is a promise, for the function is async, its rejection
 * goes to `onRejected`: it would end the process.
 */
export function ignoreResult(result: unknown, onRejected: (error: unknown) => void): void {
  if (result instanceof Promise) result.catch(onRejected);
}

/** True if a value is waited for: a promise, of any kind. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}
