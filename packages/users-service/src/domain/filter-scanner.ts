import { InvalidFields } from "./errors.js";

/** A value as written. */
export interface FilterValue {
  readonly text: string;
  /** True if the text begins, and ends, with a `*` that is not literal. */
  readonly starAtStart: boolean;
  readonly starAtEnd: boolean;
  /** Index of its first character in the filter. */
  readonly start: number;
}

/**
 * Reads a filter piece by piece. Not in tokens, because what a character means depends on what is expected: a time has
 * colons and hyphens in it. Each piece takes the white space after it along.
 */
export class FilterScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skipSpace();
  }

  /** Index of the next character. */
  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** @throws {InvalidFields} if there is no value here, or one without its closing quote. */
  value(): FilterValue {
    const start = this.#at;
    const quote = this.#text[start];
    if (quote === '"' || quote === "'") {
      this.#at++;
      return this.#quoted(quote, start);
    }
    const text = this.takeMatch(/[^\s()'"]+/y);
    if (text === "") {
      throw this.expected("a value");
    }
    return { text, starAtStart: text.startsWith("*"), starAtEnd: text.endsWith("*"), start };
  }

  #quoted(quote: string, start: number): FilterValue {
    let text = "";
    let starAtStart = false;
    let starAtEnd = false;
    for (;;) {
      let character = this.#text[this.#at++];
      if (character === quote) {
        this.#skipSpace();
        return { text, starAtStart, starAtEnd, start };
      }
      starAtEnd = character === "*";
      starAtStart ||= starAtEnd && text === "";
      if (character === "\\") {
        character = this.#text[this.#at++];
      }
      if (character === undefined) {
        throw this.expected(`${quote} at the end of the text that begins here`, start);
      }
      text += character;
    }
  }

  /** Takes a word in upper case, if it stands here and goes no further. */
  takeKeyword(keyword: string): boolean {
    return this.takeMatch(new RegExp(`${keyword}\\b`, "y")) !== "";
  }

  /** Takes one character, if it stands here. */
  take(character: string): boolean {
    const found = this.#text[this.#at] === character;
    if (found) {
      this.#at++;
      this.#skipSpace();
    }
    return found;
  }

  /** Takes what a sticky expression matches here; "" if it does not match. */
  takeMatch(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0] ?? "";
    if (found !== "") {
      this.#at += found.length;
      this.#skipSpace();
    }
    return found;
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) {
      this.#at++;
    }
  }

  /** An error that says what was expected here, or at another index. */
  expected(what: string, at = this.#at): InvalidFields {
    const column = Array.from(this.#text.slice(0, at)).length + 1;
    return new InvalidFields([{ field: "filter", reason: `is wrong in column ${column}: expected ${what}` }]);
  }
}
