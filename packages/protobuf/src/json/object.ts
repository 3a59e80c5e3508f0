import { latin1Slice } from "#text";
import { isNot, JsonError } from "./json-error.js";
import type { JsonSink } from "./json-sink.js";
import type { JsonSource, JsonType } from "./json-source.js";
import { MAX_JSON_DEPTH, type JsonReadOptions, type JsonWriteOptions } from "./options.js";
import { checkText, setOwn, type JsonObject } from "./values.js";

/** Builds a value for `JSON.stringify`. */
export class ObjectSink implements JsonSink {
  readonly options: JsonWriteOptions;

  /** What was written. */
  value: unknown;

  #key = "";

  /** Objects and lists that are not at their end, outermost first. */
  readonly #open: (JsonObject | unknown[])[] = [];

  constructor(options: JsonWriteOptions = {}) {
    this.options = options;
  }

  string(value: string): void {
    this.#put(checkText(value));
  }

  ascii(units: Uint8Array, length: number): void {
    this.#put(latin1Slice(units, 0, length));
  }

  number(value: number): void {
    this.#put(value);
  }

  negativeZero(): void {
    // JSON.stringify would make it another zero; a number may be text in JSON, too.
    this.#put("-0");
  }

  integer64(value: bigint): void {
    this.#put(String(value));
  }

  bool(value: boolean): void {
    this.#put(value);
  }

  null(): void {
    this.#put(null);
  }

  json(json: string): void {
    this.#put(JSON.parse(json));
  }

  beginObject(): void {
    this.#begin({});
  }

  key(key: string): void {
    this.#key = checkText(key);
  }

  endObject(): void {
    this.#open.pop();
  }

  beginList(): void {
    this.#begin([]);
  }

  endList(): void {
    this.#open.pop();
  }

  #begin(value: JsonObject | unknown[]): void {
    this.#put(value);
    this.#open.push(value);
  }

  #put(value: unknown): void {
    const into = this.#open.at(-1);
    if (into === undefined) this.value = value;
    else if (Array.isArray(into)) into.push(value);
    else setOwn(into, this.#key, value);
  }
}

/** An object or a list that is being read. */
interface Frame {
  /** None for a list. */
  readonly keys: readonly string[] | undefined;
  readonly values: JsonObject | readonly unknown[];
  index: number;
  readonly outer: Frame | undefined;
}

/** A place in a value. */
interface Mark {
  readonly frame: Frame | undefined;
  readonly depth: number;
}

/** Reads a value as `JSON.parse` returns it. A property that is undefined is none. */
export class ObjectSource implements JsonSource {
  readonly options: JsonReadOptions;

  /** The next value. */
  #value: unknown;

  #frame: Frame | undefined;

  #depth = 0;

  constructor(value: unknown, options: JsonReadOptions = {}) {
    this.#value = value;
    this.options = options;
  }

  type(): JsonType {
    const value = this.#value;
    if (value === null) return "null";
    if (Array.isArray(value)) return "list";
    const type = typeof value;
    if (type !== "object" && type !== "string" && type !== "number" && type !== "boolean") {
      throw isNot("a JSON value", value);
    }
    return type;
  }

  string(): string {
    if (typeof this.#value !== "string") throw isNot("a string", this.#value);
    return checkText(this.#value);
  }

  number(): number | string {
    const value = this.#value;
    if (typeof value !== "number" && typeof value !== "string") throw isNot("a number", value);
    return value;
  }

  bool(): boolean {
    if (typeof this.#value !== "boolean") throw isNot("a bool", this.#value);
    return this.#value;
  }

  null(): boolean {
    return this.#value === null;
  }

  beginObject(): void {
    if (this.type() !== "object") throw isNot("an object", this.#value);
    const values = this.#value as JsonObject;
    this.#begin(values, Object.keys(values));
  }

  hasKey(): boolean {
    const { keys, values } = this.#frame!;
    for (;;) {
      const key = keys![++this.#frame!.index];
      if (key === undefined) return this.#end();
      this.#value = (values as JsonObject)[key];
      if (this.#value !== undefined) return true;
    }
  }

  keyIs(key: string): boolean {
    return this.#frame!.keys![this.#frame!.index] === key;
  }

  key(): string {
    return checkText(this.#frame!.keys![this.#frame!.index]!);
  }

  beginList(): void {
    if (!Array.isArray(this.#value)) throw isNot("a list", this.#value);
    this.#begin(this.#value, undefined);
  }

  hasItem(): boolean {
    const values = this.#frame!.values as readonly unknown[];
    const index = ++this.#frame!.index;
    if (index >= values.length) return this.#end();
    this.#value = values[index];
    return true;
  }

  skip(): void {}

  mark(): Mark {
    return { frame: this.#frame, depth: this.#depth };
  }

  passOver({ frame, depth }: Mark): void {
    this.#frame = frame;
    this.#depth = depth;
  }

  #begin(values: JsonObject | readonly unknown[], keys: readonly string[] | undefined): void {
    const { maxDepth = MAX_JSON_DEPTH } = this.options;
    if (++this.#depth > maxDepth) throw new JsonError(`more than ${maxDepth} values in one another`);
    this.#frame = { keys, values, index: -1, outer: this.#frame };
  }

  #end(): false {
    this.#depth--;
    this.#frame = this.#frame!.outer;
    return false;
  }
}
