import { isOptions, tagOf, type OptionRule, type OptionRules } from "./check-options.js";

/** A time in milliseconds; `Infinity` is for ever. */
export function milliseconds({ min = 0, max = Infinity } = {}): OptionRule {
  return {
    allowed: `a number of milliseconds ${rangeText(min, max)}`,
    accepts: (value) => typeof value === "number" && value >= min && value <= max,
  };
}

/** A time in milliseconds above 0; `Infinity` is for ever. */
export const positiveMilliseconds: OptionRule = {
  allowed: "a number of milliseconds of more than 0, or Infinity",
  accepts: (value) => typeof value === "number" && value > 0,
};

/** A whole number, as of bytes or of calls; `Infinity` is for no limit. */
export function wholeNumber({ min = 0, max = Infinity } = {}): OptionRule {
  return {
    allowed: `a whole number ${rangeText(min, max)}`,
    accepts: (value) =>
      (Number.isInteger(value) || value === Infinity) && (value as number) >= min && (value as number) <= max,
  };
}

/** A number that may have a fraction. */
export function anyNumber({ min = -Infinity, max = Infinity } = {}): OptionRule {
  return {
    allowed: `a number ${rangeText(min, max)}`,
    accepts: (value) => typeof value === "number" && value >= min && value <= max,
  };
}

function rangeText(min: number, max: number): string {
  return max === Infinity ? `of at least ${min}, or Infinity` : `from ${min} to ${max}`;
}

export const boolean: OptionRule = {
  allowed: "true or false",
  accepts: (value) => typeof value === "boolean",
};

export const text: OptionRule = { allowed: "a text", accepts: (value) => typeof value === "string" };

export const nonEmptyText: OptionRule = {
  allowed: "a text that is not empty",
  accepts: (value) => typeof value === "string" && value !== "",
};

export const callable: OptionRule = {
  allowed: "a function",
  accepts: (value) => typeof value === "function",
};

/** Text or bytes of PEM, which errors do not show. */
export const pem: OptionRule = {
  allowed: "PEM, as a text or as bytes",
  accepts: (value) => (typeof value === "string" || value instanceof Uint8Array) && value.length > 0,
  secret: true,
};

export const bytes: OptionRule = {
  allowed: "a Uint8Array",
  accepts: (value) => value instanceof Uint8Array,
};

/** One of some values. */
export function oneOf(...values: readonly (string | number | boolean)[]): OptionRule {
  return {
    allowed: values.map((value) => JSON.stringify(value)).join(" or "),
    accepts: (value) => (values as readonly unknown[]).includes(value),
  };
}

/** An object of options of its own. */
export function options(inside: OptionRules): OptionRule {
  return { ...someOptions, inside };
}

/** An object of options that somebody else checks. */
export const someOptions: OptionRule = { allowed: "an object of options", accepts: isOptions };

/** An object with some methods, whatever else it has. */
export function objectWith(...methods: readonly string[]): OptionRule {
  return {
    allowed: `an object with ${methods.length === 1 ? "the method" : "the methods"} ${methods.join(", ")}`,
    accepts: (value) =>
      isObject(value) &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === "function"),
  };
}

export const anyObject: OptionRule = { allowed: "an object", accepts: isObject };

/** Metadata: of its class, an object of texts and bytes by key, or an iterable of such pairs. */
export const metadata: OptionRule = {
  allowed: "metadata, such as { key: 'value' }; that of @grpc/grpc-js gives it by getMap()",
  accepts: (value) =>
    (isOptions(value) && !("getMap" in value && typeof value.getMap === "function")) ||
    (typeof value === "object" && value !== null && Symbol.iterator in value),
  secret: true,
};

/** A value of any of some rules. */
export function either(...rules: readonly OptionRule[]): OptionRule {
  const inside = rules.find((rule) => rule.inside !== undefined)?.inside;
  return {
    allowed: rules.map(({ allowed }) => allowed).join(", or "),
    accepts: (value) => rules.some((rule) => rule.accepts(value)),
    ...(inside !== undefined && { inside }),
    ...(rules.some(({ secret }) => secret === true) && { secret: true }),
  };
}

/** An array whose elements obey a rule. */
export function listOf(rule: OptionRule, what: string): OptionRule {
  return {
    allowed: `an array of ${what}`,
    accepts: (value) => Array.isArray(value) && value.every((each) => rule.accepts(each)),
  };
}

/** A rule in words of its own. */
export function rule(allowed: string, accepts: (value: unknown) => boolean): OptionRule {
  return { allowed, accepts };
}

/** An option that must be given. */
export function required(one: OptionRule): OptionRule {
  return { ...one, required: true };
}

/** An option that no error shows. */
export function secret(one: OptionRule): OptionRule {
  return { ...one, secret: true };
}

/**
 * Rules by defaults: what has a number of milliseconds, a whole number, true or false, or an object of these must be given such
 * a one. So no option of an object of defaults can be without a check.
 */
export function rulesFrom(defaults: object): OptionRules {
  return Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, ruleFrom(name, value)]));
}

function ruleFrom(name: string, value: unknown): OptionRule {
  if (typeof value === "boolean") return boolean;
  if (typeof value === "number")
    return name.endsWith("Ms") ? milliseconds() : isFraction(name) ? anyNumber({ min: 0 }) : wholeNumber();
  if (isOptions(value)) return options(rulesFrom(value));
  throw new TypeError(`the option ${name} has a default of a kind without a check`);
}

/** Rates and shares need not be whole. */
function isFraction(name: string): boolean {
  return /^per|Per[A-Z]|Ratio$/.test(name);
}

/** A promise is none: it was not awaited. */
function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && tagOf(value) !== "Promise";
}
