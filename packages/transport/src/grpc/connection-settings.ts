import { defaultConnectionOptions, type ConnectionOptions } from "../http2/connection-options.js";
import { MAX_31_BITS } from "../http2/constants.js";
import { options, rulesFrom, wholeNumber } from "./option-rules.js";

/** The defaults of a client's connections: only its own calls wait to be sent, so there is no limit on them. */
export const defaultClientOptions: ConnectionOptions = {
  ...defaultConnectionOptions,
  maxQueuedBytes: Infinity,
};

/** RFC 9113, section 6.9.1. */
const windowSize = wholeNumber({ max: MAX_31_BITS });

/** The rule of the option `http2` of either side. */
export const connectionRule = options({
  ...rulesFrom(defaultConnectionOptions),
  streamWindow: windowSize,
  maxStreamWindow: windowSize,
  connectionWindow: windowSize,
});

/** The options of the connections that one side makes, by its option `http2`, which was checked. */
export function connectionOptions(
  overrides: Partial<ConnectionOptions>,
  defaults = defaultConnectionOptions,
): ConnectionOptions {
  return override(defaults, overrides);
}

/** Replaces what is given; `undefined` is not. */
export function override<T extends object>(defaults: T, overrides: Partial<T>): T {
  const result = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries<unknown>(overrides)) {
    if (value === undefined) continue;
    result[name] =
      typeof value === "object" && value !== null ? override(result[name] as object, value) : value;
  }
  return result as T;
}
