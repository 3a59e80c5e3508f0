// The checks of the options of `createClient` for browsers, and of its calls: `#checks`, a module of its own, in whose place a bundle for production has
// `web.no-checks.ts`. They are for whoever writes the page.
import type { ClientPhases } from "@callwire/transport/seam";
import type { ClientCallOptions } from "./call-options.js";
import type { RetryOptions } from "./middleware/retry.js";
import { checkOptions, described, type Rule } from "./web/check-options.js";
import type { WebMethod } from "./web/web-methods.js";
import type { WebClientOptions } from "./web/web-options.js";

type RulesOf<Options> = Readonly<Record<keyof Options, Rule>>;

const aFunction: Rule = ["a function", /^fu/];
const positive: Rule = ["a number of more than 0", /^(?!0$)[\d.I]/];

const retryRules: RulesOf<RetryOptions> = {
  maxAttempts: ["a whole number from 1 to 5", /^[1-5]$/],
  initialBackoffMs: positive,
  maxBackoffMs: positive,
  backoffMultiplier: ["a number of at least 1", /^[1-9I]/],
  maxWaitMs: ["a number of at least 0", /^[\dI]/],
  maxTokens: ["a number of more than 0, at most 1000", /^(?!0$)(1000|\d{1,3}(\.\d+)?)$/],
  tokenRatio: positive,
};

const optionRules: RulesOf<WebClientOptions> = {
  allowTokenInClear: ["true or false", /^(true|false)$/],
  baseUrl: ["a text like 'https://api.example.com'", /^"/],
  credentials: ['"omit", "same-origin" or "include"', /^"(omit|same-origin|include)"$/],
  fetch: aFunction,
  maxReceiveMessageBytes: ["a whole number of at least 1, or Infinity", /^([1-9]\d*|Infinity)$/],
  metadata: ["metadata, such as { key: 'value' }", /^object$/],
  middleware: ["an array of middleware, outermost first", /^an/],
  protocol: ['"connect" or "grpc-web"', /^"(connect|grpc-web)"$/],
  retry: ["false, or an object of options", /^(object|false)$/, retryRules],
  timeoutMs: ["a number of milliseconds of more than 0, or Infinity", positive[1]],
  token: [
    "a text of printable ASCII without spaces, and without 'Bearer' before it, or a function that gives one",
    /^("[!-~]+"$|fu)/,
  ],
};

const phaseRules: RulesOf<ClientPhases> = {
  attempted: aFunction,
  began: aFunction,
  ended: aFunction,
  failed: aFunction,
  request: aFunction,
  response: aFunction,
  retryAfterMs: aFunction,
};

// What is no limit, the call itself refuses.
const aTime: Rule = ["a number of milliseconds", /^[-\dIN]/];
const aBoolean: Rule = ["true or false", /^(true|false)$/];

const callRules: RulesOf<ClientCallOptions> = {
  compressMessage: aFunction,
  compression: ["a text like 'gzip'", /^"/],
  deadline: [
    "a Date, or milliseconds since the epoch; for a time from now there is 'timeoutMs'",
    /^(object|\d{12,}.*|Infinity)$/,
  ],
  metadata: ["metadata, such as { key: 'value' }", /^(object|an array)$/],
  onHeader: aFunction,
  onTrailer: aFunction,
  requestId: ["a text of printable ASCII", /^"/],
  retry: aBoolean,
  signal: ["an AbortSignal", /^object$/],
  timeoutMs: aTime,
  stallTimeoutMs: aTime,
  waitForReady: aBoolean,
};

/** A name without what people write in more than one way. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, "");
const plainNames = new Set(Object.keys(callRules).map(plain));

/**
 * Throws a TypeError if an option of a call is not right or not known.
 *
 * @param middleware May have options of their own, if there are any: a name that is not known is theirs then, unless it differs from a
 *   known one in its case or separators alone.
 */
export function checkWebCallOptions(
  { descriptor }: WebMethod,
  options: ClientCallOptions,
  middleware: readonly unknown[],
): void {
  const isOurs = ([name]: [string, unknown]) => middleware.length === 0 || plainNames.has(plain(name));
  const ours = Object.fromEntries(Object.entries(options).filter(isOurs));
  checkOptions(descriptor.path, ours, callRules);
}

/** Throws a TypeError or RangeError if an option is not right or not known. */
export function checkWebOptions(options: WebClientOptions<never>): void {
  checkOptions("createClient", { ...options, baseUrl: options?.baseUrl ?? null }, optionRules);
  options.middleware?.forEach((phases: unknown, index) => {
    const place = `createClient: middleware[${index}]`;
    const kind = described(phases);
    if (kind !== "object") throw new TypeError(`${place} is ${kind}, which is none`);
    checkOptions(place, phases as object, phaseRules);
  });
}
