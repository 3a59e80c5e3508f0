import {
  JsonError,
  type AnyFieldType,
  type JsonReadOptions,
  type JsonSource,
  type JsonType,
} from "@callwire/protobuf";
import { shown } from "./shown.js";
import { textFormOf } from "./text-form.js";

/** A value of the URL; `key` is that of a map's entry, in brackets behind the field's name. */
export interface ParameterValue {
  readonly text: string;
  readonly key?: string;
}

/** JSON's words, and the others that clients of grpc-gateway send: those of Go's `strconv.ParseBool`. */
const BOOLS: ReadonlyMap<string, boolean> = new Map([
  ...["true", "True", "TRUE", "t", "T", "1"].map((text) => [text, true] as const),
  ...["false", "False", "FALSE", "f", "F", "0"].map((text) => [text, false] as const),
]);

/**
 * Reads the values that a URL has of one field, as JSON is read: by the field's own kind. A text is what JSON has in quotes;
 * several values are a list, or a map if they have keys.
 */
export class ParameterSource implements JsonSource {
  readonly options: JsonReadOptions;
  readonly #values: readonly ParameterValue[];
  #next = 0;
  /** True inside of a list or a map, where each value stands for itself. */
  #isInside = false;

  constructor(values: readonly ParameterValue[], options: JsonReadOptions) {
    this.#values = values;
    this.options = options;
  }

  type(): JsonType {
    // An enum may be given by its number.
    return /^-?\d+$/.test(this.#peek()) ? "number" : "string";
  }

  string(): string {
    const text = this.#peek();
    this.#next++;
    return text;
  }

  number(): string {
    return this.string();
  }

  bool(): boolean {
    const text = this.string();
    const value = BOOLS.get(text);
    if (value === undefined) throw new JsonError(`not a bool: ${shown(text)}`);
    return value;
  }

  null(): boolean {
    return false;
  }

  beginObject(): void {
    if (this.#isInside) throw new JsonError("messages in lists and maps have no form in a URL");
    if (this.#values.some(({ key }) => key === undefined))
      throw new JsonError("not one value: name a field of it, or the key of an entry in brackets");
    this.#isInside = true;
  }

  hasKey(): boolean {
    return this.#next < this.#values.length;
  }

  keyIs(): boolean {
    return false;
  }

  key(): string {
    return this.#values[this.#next]!.key!;
  }

  beginList(): void {
    if (this.#isInside) throw new JsonError("lists in lists have no form in a URL");
    if (this.#values.some(({ key }) => key !== undefined)) throw new JsonError("not a map");
    this.#isInside = true;
  }

  hasItem(): boolean {
    return this.#next < this.#values.length;
  }

  itemReader<T>(type: { readJson(source: JsonSource): T }): ((source: JsonSource) => T) | undefined {
    const form = textFormOf(type as AnyFieldType);
    return form && (() => form(this.string(), this.options) as T);
  }

  skip(): void {
    this.#next++;
  }

  mark(): unknown {
    return this.#next;
  }

  passOver(mark: unknown): void {
    this.#next = (mark as number) + 1;
  }

  #peek(): string {
    const { text, key } = this.#values[this.#next]!;
    if (this.#isInside) return text;
    if (this.#values.length > 1) throw new JsonError(`one value is taken, not ${this.#values.length}`);
    if (key !== undefined) throw new JsonError("not a map");
    return text;
  }
}
