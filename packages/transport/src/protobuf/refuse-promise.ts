/**
 * Refuses the result of a function that codes messages, if it is a promise. Its rejection is the caller's to know, and ends
 * no process.
 *
 * @throws {TypeError} If it is one.
 */
export function refusePromise(name: string, result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => {});
  throw new TypeError(`${name} must not be async: it returned a promise`);
}
