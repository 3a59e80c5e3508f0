import type { User } from "@callwire/contracts/users";
import { compareKeys, DEPARTMENTS, emailKey, keyOf, textProblem, type KeyField } from "./user-fields.js";
import { InvalidFields } from "./user-errors.js";

/** Says if a user is meant. */
export type UserFilter = (user: User) => boolean;

const FIELDS = "id, name, email, age, department, roles, created_at or updated_at";
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

const comparators: Record<string, (difference: number) => boolean> = {
  "=": (difference) => difference === 0,
  "!=": (difference) => difference !== 0,
  "<": (difference) => difference < 0,
  "<=": (difference) => difference <= 0,
  ">": (difference) => difference > 0,
  ">=": (difference) => difference >= 0,
};

/** A value as written: its text, and where a star that is not literal stands in it. */
interface Value {
  text: string;
  starAtStart: boolean;
  starAtEnd: boolean;
  at: number;
}

/**
 * Reads a filter, in the service's subset of AIP-160: docs/users-service.md has it.
 *
 * @throws {InvalidFields} that says in which column what was expected.
 */
export function parseFilter(text: string): UserFilter {
  const description = textProblem(text, 0, 1000);
  if (description !== undefined) throw new InvalidFields([{ field: "filter", description }]);
  return new FilterParser(text).parse();
}

/** Recursive descent: OR binds tighter than AND. */
class FilterParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#take(/\s*/y);
  }

  parse(): UserFilter {
    if (this.#at === this.#text.length) return () => true;
    const filter = this.#conjunction();
    if (this.#at < this.#text.length) throw this.#expected("AND, OR or the end");
    return filter;
  }

  #conjunction(): UserFilter {
    const terms = this.#list(/AND\b/y, () => {
      const any = this.#list(/OR\b/y, () => this.#term());
      return (user: User) => any.some((term) => term(user));
    });
    return (user) => terms.every((term) => term(user));
  }

  #list(separator: RegExp, term: () => UserFilter): UserFilter[] {
    const terms = [term()];
    while (this.#take(separator) !== "") terms.push(term());
    return terms;
  }

  #term(): UserFilter {
    if (this.#take(/-|NOT\b/y) === "") return this.#simple();
    const term = this.#simple();
    return (user) => !term(user);
  }

  #simple(): UserFilter {
    const start = this.#at;
    if (this.#take(/\(/y) === "") return this.#comparison();
    if (++this.#depth > 20) throw this.#expected("at most 20 parentheses within each other", start);
    const filter = this.#conjunction();
    if (this.#take(/\)/y) === "") throw this.#expected("AND, OR or )");
    this.#depth--;
    return filter;
  }

  #comparison(): UserFilter {
    const start = this.#at;
    const field = this.#take(/[a-z_]+/y);
    if (field === "roles") {
      if (this.#take(/:/y) === "") throw this.#expected("`:`, which is how roles are compared");
      const { text, starAtStart } = this.#value();
      if (starAtStart && text === "*") return ({ roles }) => roles.length > 0;
      return ({ roles }) => roles.includes(text);
    }
    if (!/^(?:id|name|email|age|department|created_at|updated_at)$/.test(field)) {
      throw this.#expected(FIELDS, start);
    }
    const sign = this.#take(/[<>]=?|!?=/y);
    const holds = comparators[sign];
    if (holds === undefined) throw this.#expected("=, !=, <, <=, > or >=");
    const value = this.#value();
    const key = this.#keyIn(field as KeyField, value);
    const hasStar = typeof key === "string" && /^!?=$/.test(sign) && (value.starAtStart || value.starAtEnd);
    if (!hasStar) return (user) => holds(compareKeys(keyOf(user, field as KeyField), key));
    const matches = matcherOf(key, value);
    return (user) => matches(String(keyOf(user, field as KeyField))) === (sign === "=");
  }

  #keyIn(field: KeyField, { text, at }: Value): string | number {
    switch (field) {
      case "age":
        if (!/^-?\d{1,15}$/.test(text)) throw this.#expected("a whole number", at);
        return Number(text);
      case "department":
        if (!DEPARTMENTS.includes(text)) throw this.#expected(`one of ${DEPARTMENTS.join(", ")}`, at);
        return DEPARTMENTS.indexOf(text);
      case "created_at":
      case "updated_at":
        if (!RFC_3339.test(text) || Number.isNaN(Date.parse(text))) {
          throw this.#expected("a time as in 2026-01-31T08:00:00Z (RFC 3339)", at);
        }
        return Date.parse(text);
      default:
        return field === "email" ? emailKey(text) : text;
    }
  }

  #value(): Value {
    const at = this.#at;
    const quote = this.#text[at];
    if (quote !== '"' && quote !== "'") {
      const text = this.#take(/[^\s()'"]+/y);
      if (text === "") throw this.#expected("a value");
      return { text, starAtStart: text.startsWith("*"), starAtEnd: text.endsWith("*"), at };
    }
    let text = "";
    let starAtStart = false;
    let starAtEnd = false;
    for (let index = at + 1; index < this.#text.length; index++) {
      let character = this.#text[index]!;
      if (character === quote) {
        this.#at = index;
        this.#take(/["']/y);
        return { text, starAtStart, starAtEnd, at };
      }
      starAtEnd = character === "*";
      starAtStart ||= starAtEnd && text === "";
      if (character === "\\") character = this.#text[++index] ?? "";
      text += character;
    }
    throw this.#expected(`${quote} at the end of the text that begins here`, at);
  }

  /** Takes what a sticky expression matches here, and the white space after it; "" if it does not match. */
  #take(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0] ?? "";
    if (found === "") return "";
    this.#at += found.length;
    this.#at += /^\s*/.exec(this.#text.slice(this.#at))![0].length;
    return found;
  }

  #expected(what: string, at = this.#at): InvalidFields {
    const column = Array.from(this.#text.slice(0, at)).length + 1;
    return new InvalidFields([
      { field: "filter", description: `is wrong in column ${column}: expected ${what}` },
    ]);
  }
}

function matcherOf(text: string, { starAtStart, starAtEnd }: Value): (text: string) => boolean {
  const part = text.slice(starAtStart ? 1 : 0, starAtEnd ? -1 : undefined);
  if (!starAtEnd) return (whole) => whole.endsWith(part);
  return starAtStart ? (whole) => whole.includes(part) : (whole) => whole.startsWith(part);
}
