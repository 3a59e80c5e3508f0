// The checks of the options of a client for browsers. The transport's `checkOptions` has more kinds of rules, and is five times as long:
// a page would load that for nothing.

/** What completes "it must be …", and the values that are allowed as an error shows them: `"a"`, `5`, `true`, `function`. */
export type Rule = readonly [allowed: string, values: RegExp, inside?: Rules];

/** Rules by the names of options. */
export type Rules = Readonly<Record<string, Rule>>;

/** The least likeness of a name that an error proposes. */
const LIKE = 0.4;

/** Pure: a value as JSON if it is a text, a number or a boolean, and otherwise its kind. */
export function described(value: unknown): string {
  if (/^[bns]/.test(typeof value)) return typeof value === "string" ? JSON.stringify(value) : String(value);
  return Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
}

/** Pure: the part of two names' pairs of letters that they have in common, from 0 to 1 (Dice). */
function likeness(one: string, other: string): number {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  let common = 0;
  for (let at = 0; at < a.length - 1; at++) if (b.includes(a.slice(at, at + 2))) common++;
  return (2 * common) / (a.length + b.length - 2);
}

/**
 * Checks options: their names, their values, and those inside of them. `undefined` counts as not given.
 *
 * @throws {TypeError | RangeError} that names what is wrong, and what is right.
 */
export function checkOptions(owner: string, options: object, rules: Rules, prefix = ""): void {
  const names = Object.keys(rules);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined && name in rules) continue;
    const path = prefix + name;
    if (!names.includes(name)) {
      const [nearest = ""] = names.toSorted((a, b) => likeness(name, b) - likeness(name, a));
      const hint =
        likeness(name, nearest) < LIKE ? `it has ${names.join(", ")}` : `did you mean '${prefix}${nearest}'?`;
      throw new TypeError(`${owner} has no option '${path}'; ${hint}`);
    }
    const [allowed, values, inside] = rules[name]!;
    const given = described(value);
    if (!values.test(given)) {
      // A token is not shown.
      const shown = name === "token" ? typeof value : given.slice(0, 60);
      const Kind = typeof value === "number" && values.test("1") ? RangeError : TypeError;
      throw new Kind(`${owner}: ${path} is ${shown}: it must be ${allowed}`);
    }
    if (inside !== undefined && given === "object") checkOptions(owner, value as object, inside, `${path}.`);
  }
}
