import { kindOf, tagOf } from "./check-options.js";

/**
 * Refuses what is no message, such as an error that was returned and not thrown: it would go out as an empty message.
 *
 * @throws {TypeError} That says what it is, and what was likely forgotten.
 */
export function checkMessage(message: unknown): void {
  if (typeof message === "object" && message !== null) {
    // Nearly every message.
    if (Object.getPrototypeOf(message) === Object.prototype) return;
    const what = mistakenFor(message);
    if (what !== undefined) throw new TypeError(`a message is an object of fields, and this is ${what}`);
    return;
  }
  throw new TypeError(`a message is an object of fields, and this is ${kindOf(message)}`);
}

function mistakenFor(value: object): string | undefined {
  // An empty one, such as an event without arguments, loses nothing as an empty message.
  if (Array.isArray(value))
    return value.length === 0 ? undefined : "an array: a stream gives its messages one by one";
  if (value instanceof Error) return `an error (${value.message}): errors are thrown, not returned`;
  if (value instanceof Promise) {
    // Its rejection is no concern of the process.
    value.catch(() => {});
    return "a promise: await it";
  }
  if (Symbol.asyncIterator in value || Symbol.iterator in value)
    return "an iterable: only methods with a stream take one";
  // One that is built in, such as a Date or a Response of fetch, has no fields of its own.
  return tagOf(value) !== "Object" && Object.keys(value).length === 0 ? kindOf(value) : undefined;
}
