import { didYouMean } from "./nearest-name.js";

/**
 * Checks the names of options: a misspelt one must not be passed over.
 *
 * @throws {TypeError} that names what is no option, and the option that is the most like it.
 */
export function checkOptions(of: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new TypeError(`${of} has no option '${name}'${didYouMean(name, names)}`);
    }
  }
}

/**
 * Checks an option that is a time.
 *
 * @throws {RangeError} if it is negative or no number.
 */
export function checkMs(name: string, value: number): void {
  if (typeof value !== "number" || !(value >= 0)) {
    throw new RangeError(`${name} must be a number of milliseconds, 0 or more: ${String(value)}`);
  }
}
