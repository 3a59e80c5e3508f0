import {
  checkIsOptions,
  checkOptions,
  type OptionRule,
  type OptionRules,
  type RulesOf,
} from "../grpc/check-options.js";
import { ENCODINGS } from "../grpc/compression.js";
import { boolean, callable, oneOf, rule, secret } from "../grpc/option-rules.js";
import type { CallOptions } from "./client-types.js";

/** A time since the epoch is never as small as one from now: the year 1973, in milliseconds. */
const LEAST_TIME = 1e11;

// What is no limit is refused with all limits, by `deadlineOf`.
const time = rule("a number of milliseconds", (value) => typeof value === "number");

/** The options of calls that every client takes. */
export const callOptionRules: RulesOf<CallOptions> = {
  compressMessage: callable,
  compression: oneOf(...ENCODINGS),
  deadline: rule(
    "a Date, or milliseconds since the epoch; for a time from now there is 'timeoutMs'",
    (value) => value instanceof Date || (typeof value === "number" && !(value < LEAST_TIME)),
  ),
  // What is in it is checked when it is sent.
  metadata: secret(
    rule("metadata, such as { key: 'value' }", (value) => typeof value === "object" && value !== null),
  ),
  onHeader: callable,
  onTrailer: callable,
  signal: rule(
    "an AbortSignal",
    (value) => typeof (value as Partial<AbortSignal> | null)?.addEventListener === "function",
  ),
  // The first of those that are as near counts: `timeout` is this one.
  timeoutMs: time,
  stallTimeoutMs: time,
  waitForReady: boolean,
};

/**
 * Checks that what a call was given for its options can be read as some. Clients of other libraries take a callback there, metadata, a
 * time or a signal.
 *
 * @throws {TypeError} that says what was given.
 */
export function checkIsCallOptions(options: unknown, owner: string): asserts options is object {
  if (typeof options === "object" && options !== null && Symbol.iterator in options) {
    throw new TypeError(
      `${owner} takes an object of options, and was given a list of values: metadata goes into 'metadata'`,
    );
  }
  checkIsOptions(owner, options);
}

/** The most names of others that are remembered. */
const MAX_PASSED = 100;

/** Checks the options of each call of a client. Right options cost a look at each of their names, and no memory. */
export class CallOptionsCheck {
  readonly #rules: OptionRules;
  readonly #byName: ReadonlyMap<string, OptionRule>;
  /** The names without what people write in more than one way. */
  readonly #plainNames: ReadonlySet<string>;
  /** The names of others that were looked at; undefined if all names are known. */
  readonly #passed: Set<string> | undefined;

  /**
   * @param hasOthers True if middleware may have options of their own. A name that is not known is theirs then, unless it differs from a
   *   known one in its case or separators alone.
   */
  constructor(rules: OptionRules, hasOthers: boolean) {
    this.#rules = rules;
    this.#byName = new Map(Object.entries(rules));
    this.#plainNames = new Set(Object.keys(rules).map(plain));
    this.#passed = hasOthers ? new Set() : undefined;
  }

  /**
   * Checks the options of a call.
   *
   * @param owner Names the call in errors.
   * @throws {TypeError} As {@link checkOptions}.
   */
  check(options: object, owner: string): void {
    checkIsCallOptions(options, owner);
    // A list of the names would be memory for each call.
    // oxlint-disable-next-line guard-for-in -- inherited options count too
    for (const name in options) {
      const known = this.#byName.get(name);
      const value = (options as Record<string, unknown>)[name];
      const isRight =
        known === undefined ? this.#isOfOthers(name) : value === undefined || known.accepts(value);
      if (!isRight) checkOptions(owner, { [name]: value }, this.#rules);
    }
  }

  #isOfOthers(name: string): boolean {
    const passed = this.#passed;
    if (passed === undefined) return false;
    if (passed.has(name)) return true;
    if (this.#plainNames.has(plain(name))) return false;
    if (passed.size < MAX_PASSED) passed.add(name);
    return true;
  }
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}
