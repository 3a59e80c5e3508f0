import { defaultConnectionOptions, type ConnectionOptions } from "../http2/connection-options.js";
import { MAX_31_BITS } from "../http2/constants.js";
import { didYouMean } from "./nearest-name.js";

/** The defaults of a client's connections: only its own calls wait to be sent, so there is no limit on them. */
export const defaultClientOptions: ConnectionOptions = {
  ...defaultConnectionOptions,
  maxQueuedBytes: Infinity,
};

/**
 * The options of the connections that one side makes, by its option `http2`.
 *
 * @throws {TypeError} for a name that is none, with the nearest right one, or a value of another type.
 * @throws {RangeError} for a number that is out of range.
 */
export function connectionOptions(
  overrides: Partial<ConnectionOptions>,
  defaults = defaultConnectionOptions,
): ConnectionOptions {
  checkOption("http2", overrides, defaults, 0);
  const options = override("http2", defaults, overrides);
  for (const name of ["streamWindow", "maxStreamWindow", "connectionWindow"] as const) {
    // RFC 9113, section 6.9.1.
    if (options[name] > MAX_31_BITS)
      throw new RangeError(`http2.${name} must be ${MAX_31_BITS} at most: ${options[name]}`);
  }
  return options;
}

/** Replaces what is given; `undefined` is not. */
export function override<T extends object>(what: string, defaults: T, overrides: Partial<T>): T {
  const result = { ...defaults };
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const name = key as keyof T;
    const standard: unknown = defaults[name];
    if (standard === undefined) {
      throw new TypeError(`there is no ${what}.${key}${didYouMean(key, Object.keys(defaults))}`);
    }
    checkOption(`${what}.${key}`, value, standard, 0);
    result[name] = (
      typeof standard === "object" ? override(`${what}.${key}`, standard as object, value as object) : value
    ) as T[keyof T];
  }
  return result;
}

/**
 * Holds an option to the type of its standard value, and a number to the least that it may be.
 *
 * @throws {TypeError | RangeError} As {@link connectionOptions}.
 */
export function checkOption(name: string, value: unknown, standard: unknown, least: number): void {
  if (typeof value !== typeof standard || value === null)
    throw new TypeError(`${name} must be of type ${typeof standard}`);
  // Also of NaN.
  if (typeof value === "number" && !(value >= least))
    throw new RangeError(`${name} must not be under ${least}: ${value}`);
}
