// The checks of the options of a client for browsers. The transport's `checkOptions`, which has more kinds of rules and finds a name at
// another place too, is five times as long, and a page loads it for nothing.

/** The values that an option may have: what completes "it must be …", and the test. */
export type Rule = readonly [
  allowed: string,
  accepts: (value: unknown) => boolean,
  /** The rules of the options inside of an object. */
  inside?: Rules,
];

/** Rules by the names of options. */
export type Rules = Readonly<Record<string, Rule>>;

/** The most characters of a text that an error shows. */
const MAX_SHOWN = 60;

/** The least likeness of a name that an error proposes. */
const LIKE = 0.4;

/** Pure: a value as an error shows it. A token is not shown. */
function shown(name: string, value: unknown): string {
  const kind = Array.isArray(value) ? "array" : typeof value;
  if (kind === "string")
    return name === "token" ? "a text" : JSON.stringify((value as string).slice(0, MAX_SHOWN));
  if (value === null || /^[bnu]/.test(kind)) return String(value);
  return `${/^[ao]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** Pure: the part of two names' pairs of letters that they have in common, from 0 to 1 (Dice). */
function likeness(one: string, other: string): number {
  const a = one.toLowerCase();
  const b = other.toLowerCase();
  let common = 0;
  for (let at = 0; at < a.length - 1; at++) if (b.includes(a.slice(at, at + 2))) common++;
  return (2 * common) / (a.length + b.length - 2);
}

/**
 * Checks options: their names, their values, and those inside of them. `undefined` counts as not given.
 *
 * @throws {TypeError | RangeError} that names what is wrong, and what is right.
 */
export function checkOptions(owner: string, options: unknown, rules: Rules, prefix = ""): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${owner} takes an object of options, and was given ${shown("", options)}`);
  for (const [name, value] of Object.entries(options)) {
    const names = Object.keys(rules);
    if (!names.includes(name)) {
      const [nearest = ""] = names.toSorted((a, b) => likeness(name, b) - likeness(name, a));
      const hint =
        likeness(name, nearest) < LIKE
          ? `; it has ${names.join(", ")}`
          : `; did you mean '${prefix}${nearest}'?`;
      throw new TypeError(`${owner} has no option '${prefix}${name}'${hint}`);
    }
    const [allowed, accepts, inside] = rules[name]!;
    if (value === undefined) continue;
    if (!accepts(value)) {
      const Kind = typeof value === "number" && accepts(1) ? RangeError : TypeError;
      throw new Kind(`${owner}: ${prefix}${name} is ${shown(name, value)}: it must be ${allowed}`);
    }
    if (inside !== undefined && typeof value === "object") checkOptions(owner, value, inside, `${name}.`);
  }
}
