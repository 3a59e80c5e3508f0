// What is for whoever writes a page: the checks of the arguments of `createClient` for browsers, of its calls and middleware, and advice
// in errors. `#checks`, a module of its own, in whose place a bundle for production has `web.no-checks.ts`.
import type { ClientPhases } from "@callwire/transport/seam";
import type { ClientCallOptions } from "./call-options.js";
import type { RetryOptions } from "./middleware/retry.js";
import { ignoreResult } from "./internal/ignore-result.js";
import { urlOf } from "./web/page-url.js";
import { checkOptions, described, type Rule } from "./web/check-options.js";
import type { WebMethod } from "./web/web-methods.js";
import type { WebClientOptions } from "./web/web-options.js";

export {
  clearTextAdvice,
  iterableAdvice,
  noRequestStreams,
  noStatusAdvice,
  redirectAdvice,
  unreachableAdvice,
} from "./web/advice.js";

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
  // One that is right is not asked.
  protocol: ['connect or grpcWeb, as "@callwire/client-sdk/web" exports them', /^(?!)/],
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
 * Throws a TypeError if an option of a call is not right or not known, or there are none to be read from what was given for them.
 *
 * @param middleware May have options of their own, if there are any: a name that is not known is theirs then, unless it differs from a
 *   known one in its case or separators alone.
 */
export function checkWebCallOptions(
  { descriptor }: WebMethod,
  options: ClientCallOptions,
  middleware: readonly unknown[],
): void {
  // Objects that are built in, such as a promise that nobody has awaited, have no options of their own.
  if (!/ (Object|Module)/.test({}.toString.call(options)))
    throw new TypeError(`${descriptor.path} takes an object of options, not ${described(options)}`);
  const isOurs = ([name]: [string, unknown]) => middleware.length === 0 || plainNames.has(plain(name));
  const ours = Object.fromEntries(Object.entries(options).filter(isOurs));
  checkOptions(descriptor.path, ours, callRules);
}

/**
 * Checks the arguments of `createClient`.
 *
 * @throws {TypeError | RangeError} that names what is wrong, and what is right.
 */
export function checkClient(definition: object | undefined, options: WebClientOptions<never>): void {
  const { baseUrl = null, protocol = null } = (options ?? {}) as Partial<WebClientOptions>;
  const isProtocol = typeof protocol === "object" && protocol !== null && "mediaType" in protocol;
  checkOptions(
    "createClient",
    { ...options, baseUrl, protocol: isProtocol ? undefined : protocol },
    optionRules,
  );
  checkBaseUrl(options.baseUrl);
  options.middleware?.forEach((phases: unknown, index) => {
    const place = `createClient: middleware[${index}]`;
    const kind = described(phases);
    if (kind !== "object") throw new TypeError(`${place} is ${kind}, which is none`);
    checkOptions(place, phases as object, phaseRules);
  });
  const { fullName, methods } = (definition ?? {}) as { fullName?: unknown; methods?: object };
  if (Object.keys((typeof fullName === "string" ? methods : definition) ?? {}).length === 0) {
    throw new TypeError(
      "createClient: the definition has no methods: is its name imported from the generated file?",
    );
  }
}

function checkBaseUrl(baseUrl: string): void {
  try {
    const { protocol, search, hash } = urlOf(baseUrl);
    if (/^https?:$/.test(protocol) && search + hash === "") return;
  } catch {
    // What is no URL at all is wrong too.
  }
  throw new TypeError(
    `baseUrl is ${JSON.stringify(baseUrl)}: it must be like "https://api.example.com/rpc"; on a page it may be like "/rpc"`,
  );
}

/** The phases that may be async: a call waits for the one, and for nothing that the other does. */
const later: ReadonlySet<string> = new Set<keyof ClientPhases>(["attempted", "ended"]);

/** The middleware, which refuse what an async phase returns where none may be async. */
export function checkedMiddleware(middleware: readonly ClientPhases[]): readonly ClientPhases[] {
  return middleware.map((phases) => {
    const checked: Record<string, unknown> = {};
    for (const phase of Object.keys(phaseRules) as (keyof ClientPhases)[]) {
      const run = phases[phase]?.bind(phases) as ((...given: unknown[]) => unknown) | undefined;
      if (run === undefined) continue;
      checked[phase] = (...given: unknown[]) => {
        const result = run(...given);
        if (!(result instanceof Promise) || later.has(phase)) return result;
        ignoreResult(result, () => {});
        throw new TypeError(`a middleware returned a promise from ${phase}, which must not be async`);
      };
    }
    return checked;
  });
}
