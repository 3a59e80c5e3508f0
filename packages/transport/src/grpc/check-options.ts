import { nearestName } from "./nearest-name.js";

// One check for the options of every function of the transport, the server-kit, the client-sdk and the services on them. It
// runs when something is made, never for a call.

/** The values that an option may have. */
export interface OptionRule {
  /** Completes "it must be …". */
  readonly allowed: string;
  accepts(value: unknown): boolean;
  /** The rules of the options inside of an object. */
  readonly inside?: OptionRules;
  /** True if the option must be given. */
  readonly required?: boolean;
  /** True if no error may show the value. */
  readonly secret?: boolean;
}

/** Rules by the names of options. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** A rule for each option of an interface: an option without a rule does not compile. */
export type RulesOf<Options> = {
  readonly [Name in keyof Options as string extends Name ? never : Name]-?: OptionRule;
};

/**
 * Checks options: their names, their values, and those inside of them. `undefined` counts as not given.
 *
 * @param owner The function that they are given to, such as `createServer`.
 * @throws {TypeError} that names what is no option with the nearest one, an option that is missing, or one of another type,
 *   with its value and what is allowed.
 * @throws {RangeError} for a number that is out of range.
 */
export function checkOptions(owner: string, options: unknown, rules: OptionRules): void {
  checkIsOptions(owner, options);
  checkInside(owner, "", options, rules, rules);
}

/**
 * Checks that options can be read from a value, whatever their names.
 *
 * @throws {TypeError} that says what was given.
 */
export function checkIsOptions(owner: string, options: unknown): asserts options is object {
  if (isOptions(options)) return;
  // A text may be a token or a password.
  const given = typeof options === "string" ? kindOf(options) : shown(options);
  throw new TypeError(`${owner} takes an object of options, and was given ${given}`);
}

/**
 * Checks a value that is no part of an object of options, such as an argument.
 *
 * @throws {TypeError | RangeError} As {@link checkOptions}.
 */
export function checkValue(owner: string, name: string, value: unknown, rule: OptionRule): void {
  if (value === undefined && rule.required !== true) return;
  if (value === undefined) throw new TypeError(`${owner}: ${name} is missing: it must be ${rule.allowed}`);
  if (!rule.accepts(value)) throw wrongValue(owner, name, value, rule);
  if (rule.inside !== undefined && isOptions(value)) {
    checkInside(owner, `${name}.`, value, rule.inside, rule.inside);
  }
}

function checkInside(owner: string, prefix: string, options: object, rules: OptionRules, all: OptionRules) {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(rules, name)) continue;
    throw new TypeError(`${owner} has no option '${prefix}${name}'${hint(name, prefix, rules, all)}`);
  }
  for (const [name, rule] of Object.entries(rules)) {
    // Inherited ones count too, as they are read, but for what every object has.
    const isGiven = Object.hasOwn(options, name) || !(name in Object.prototype);
    const value = isGiven ? (options as Record<string, unknown>)[name] : undefined;
    const path = prefix + name;
    if (value === undefined) {
      if (rule.required !== true) continue;
      throw new TypeError(`${owner}: the option '${path}' is missing: it must be ${rule.allowed}`);
    }
    if (!rule.accepts(value)) throw wrongValue(owner, path, value, rule);
    if (rule.inside !== undefined && isOptions(value))
      checkInside(owner, `${path}.`, value, rule.inside, all);
  }
}

function wrongValue(owner: string, path: string, value: unknown, rule: OptionRule): Error {
  const text = `${owner}: ${path} is ${rule.secret === true ? kindOf(value) : shown(value)}: it must be ${rule.allowed}`;
  return typeof value === "number" && [0, 1].some((number) => rule.accepts(number))
    ? new RangeError(text)
    : new TypeError(text);
}

/** The nearest name beside a wrong one, or at another place; all names, if none is near. */
function hint(name: string, prefix: string, rules: OptionRules, all: OptionRules): string {
  const here = nearestName(name, Object.keys(rules));
  if (here !== undefined) return `; did you mean '${prefix}${here}'?`;
  // What it stands in is no place for it.
  const paths = pathsOf(all, "").filter((path) => !prefix.startsWith(`${path}.`));
  const elsewhere = new Map(paths.map((path) => [path.slice(path.lastIndexOf(".") + 1), path]));
  const there = nearestName(name, elsewhere.keys());
  if (there !== undefined) return `; did you mean '${elsewhere.get(there)}'?`;
  const names = Object.keys(rules);
  return names.length === 0 ? "; it has none" : `; it has ${names.join(", ")}`;
}

function pathsOf(rules: OptionRules, prefix: string): string[] {
  return Object.entries(rules).flatMap(([name, { inside }]) => [
    prefix + name,
    ...(inside === undefined ? [] : pathsOf(inside, `${prefix}${name}.`)),
  ]);
}

/**
 * Pure: true for an object that options can be read from. Objects that are built in, such as a promise that nobody has awaited, or a
 * Map, have none of their own: taken for options, they would be defaults throughout, without a guard that was asked for.
 */
export function isOptions(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  // Most are plain, and some are those of a call.
  return Object.getPrototypeOf(value) === Object.prototype || ["Object", "Module"].includes(tagOf(value));
}

/** Pure: the built-in kind of an object, such as `Promise`; `Object` for what has none. */
export function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** The most characters of a text that an error shows. */
const MAX_SHOWN = 60;

/** Pure: a value as an error shows it. It never throws. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value);
  switch (typeof value) {
    case "bigint":
      return `${value}n`;
    case "number":
    case "boolean":
    case "undefined":
      return `${value}`;
    case "symbol":
      return value.toString();
    default:
      return kindOf(value);
  }
}

function objectKindOf(value: object): string {
  const tag = tagOf(value);
  if (tag === "Promise") return "a promise, which was not awaited";
  return tag === "Object" ? "an object" : `an object (${tag})`;
}

/** Pure: the kind of a value, for errors that must not show it. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (value === "") return "an empty text";
  if (typeof value === "object") return objectKindOf(value);
  if (typeof value === "string") return "a text";
  if (value === undefined) return "undefined";
  return typeof value === "number" && Number.isNaN(value) ? "NaN" : `a ${typeof value}`;
}
