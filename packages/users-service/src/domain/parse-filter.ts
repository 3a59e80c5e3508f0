import { InvalidFields } from "./errors.js";
import { FilterScanner, type FilterValue } from "./filter-scanner.js";
import type { Comparator, Filter, TextField } from "./filter.js";
import { MAX_FILTER_DEPTH, MAX_FILTER_LENGTH } from "./limits.js";
import { parseTimestamp } from "./timestamp.js";
import { DEPARTMENTS, emailKey } from "./user.js";
import { textProblem } from "./validation.js";

/**
 * Reads a filter, in this subset of AIP-160 (white space may stand between any two parts):
 *
 * ```
 * filter      = [ conjunction ]
 * conjunction = disjunction { "AND" disjunction }       OR binds tighter than AND, as AIP-160 has it
 * disjunction = term { "OR" term }
 * term        = [ "NOT" | "-" ] ( "(" conjunction ")" | comparison )
 * comparison  = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value | "roles" ":" value
 * value       = quoted text, in '…' or "…", in which \ makes the next character literal
 *             | text without white space, parentheses and quotes
 * ```
 *
 * - `id`, `name`: text, exact and case-sensitive, ordered by code points. `email`: likewise, in lower case.
 * - With `=` and `!=`, a `*` at the start or the end of a text stands for any characters, unless written `\*` in quotes.
 * - `age`: a whole number. `department`: a name of the enum, ordered by its number. `created_at`, `updated_at`: RFC 3339.
 * - `roles:admin`: has the role `admin`, exactly. `roles:*`: has any role.
 *
 * Not supported: a value without a field, terms side by side without AND, functions, fields of fields.
 *
 * @returns undefined, which is all users, for an empty filter.
 * @throws {InvalidFields} on `filter`, saying in which column (from 1, in characters) what was expected.
 */
export function parseFilter(text: string): Filter | undefined {
  const problem = textProblem(text, { min: 0, max: MAX_FILTER_LENGTH });
  if (problem !== undefined) {
    throw new InvalidFields([{ field: "filter", reason: problem }]);
  }
  return new Parser(text).parse();
}

const TEXT_FIELDS: readonly string[] = ["id", "name", "email"] satisfies TextField[];
const FIELDS = "id, name, email, age, department, roles, created_at or updated_at";

/** Recursive descent: a method for each rule of the grammar. */
class Parser {
  readonly #scanner: FilterScanner;
  #depth = 0;

  constructor(text: string) {
    this.#scanner = new FilterScanner(text);
  }

  parse(): Filter | undefined {
    if (this.#scanner.atEnd) {
      return undefined;
    }
    const filter = this.#conjunction();
    if (!this.#scanner.atEnd) {
      throw this.#scanner.expected("AND, OR or the end");
    }
    return filter;
  }

  #conjunction(): Filter {
    return this.#list("and", "AND", () => this.#list("or", "OR", () => this.#term()));
  }

  #list(type: "and" | "or", keyword: string, parseTerm: () => Filter): Filter {
    const first = parseTerm();
    const terms = [first];
    while (this.#scanner.takeKeyword(keyword)) {
      terms.push(parseTerm());
    }
    return terms.length === 1 ? first : { type, terms };
  }

  #term(): Filter {
    if (this.#scanner.take("-") || this.#scanner.takeKeyword("NOT")) {
      return { type: "not", term: this.#simple() };
    }
    return this.#simple();
  }

  #simple(): Filter {
    const start = this.#scanner.at;
    if (!this.#scanner.take("(")) {
      return this.#comparison();
    }
    if (++this.#depth > MAX_FILTER_DEPTH) {
      throw this.#scanner.expected(`at most ${MAX_FILTER_DEPTH} parentheses within each other`, start);
    }
    const filter = this.#conjunction();
    if (!this.#scanner.take(")")) {
      throw this.#scanner.expected("AND, OR or )");
    }
    this.#depth--;
    return filter;
  }

  #comparison(): Filter {
    const start = this.#scanner.at;
    const field = this.#scanner.takeMatch(/[a-z_]+/y);
    if (field === "roles") {
      return this.#role();
    }
    const isText = isTextField(field);
    if (
      !isText &&
      field !== "age" &&
      field !== "department" &&
      field !== "created_at" &&
      field !== "updated_at"
    ) {
      throw this.#scanner.expected(FIELDS, start);
    }
    const comparator = this.#scanner.takeMatch(/[<>]=?|!?=/y) as Comparator | "";
    if (comparator === "") {
      throw this.#scanner.expected("=, !=, <, <=, > or >=");
    }
    const value = this.#scanner.value();
    return isText
      ? compareText(field, comparator, value)
      : { type: "compare", field, comparator, value: this.#number(field, value) };
  }

  #role(): Filter {
    if (!this.#scanner.take(":")) {
      throw this.#scanner.expected("`:`, which is how roles are compared");
    }
    const { text, starAtStart } = this.#scanner.value();
    return { type: "has-role", role: starAtStart && text === "*" ? undefined : text };
  }

  #number(field: "age" | "department" | "created_at" | "updated_at", { text, start }: FilterValue): number {
    if (field === "age") {
      if (!/^-?\d{1,15}$/.test(text)) {
        throw this.#scanner.expected("a whole number", start);
      }
      return Number(text);
    }
    if (field === "department") {
      const department = DEPARTMENTS.findIndex((name) => name === text);
      if (department < 0) {
        throw this.#scanner.expected(`one of ${DEPARTMENTS.join(", ")}`, start);
      }
      return department;
    }
    const time = parseTimestamp(text);
    if (time === undefined) {
      throw this.#scanner.expected("a time as in 2026-01-31T08:00:00Z (RFC 3339)", start);
    }
    return time;
  }
}

function isTextField(field: string): field is TextField {
  return TEXT_FIELDS.includes(field);
}

function compareText(
  field: TextField,
  comparator: Comparator,
  { text, starAtStart, starAtEnd }: FilterValue,
): Filter {
  const value = field === "email" ? emailKey(text) : text;
  if ((comparator !== "=" && comparator !== "!=") || !(starAtStart || starAtEnd)) {
    return { type: "compare", field, comparator, value };
  }
  // A single star is both the first and the last character: the slice is empty, which is in every text.
  const match: Filter = {
    type: "match",
    field,
    where: !starAtEnd ? "end" : starAtStart ? "inside" : "start",
    text: value.slice(starAtStart ? 1 : 0, starAtEnd ? -1 : undefined),
  };
  return comparator === "=" ? match : { type: "not", term: match };
}
