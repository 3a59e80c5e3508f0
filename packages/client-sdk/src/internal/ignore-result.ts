import { reportBug } from "./report-bug.js";

/**
 * Takes the result of a function whose result nobody waits for. If it is a promise, for the function is async, its rejection
 * goes to `onRejected`: it would end the process. Default: a warning.
 */
export function ignoreResult(result: unknown, onRejected: (error: unknown) => void = reportBug): void {
  if (result instanceof Promise) result.catch(onRejected);
}
