import type { JsonReadOptions } from "./options.js";

/** The types of JSON's values. */
export type JsonType = "object" | "list" | "string" | "number" | "boolean" | "null";

/** The part of a kind of field that reads its values. */
export interface ReadType<T> {
  readJson(source: JsonSource): T;
}

/**
 * Where kinds of fields read JSON. A source stands before a value; reading it takes the source to the next one.
 *
 * Each method that reads throws a JsonError if the value is of another type, or if the text is no JSON.
 */
export interface JsonSource {
  readonly options: JsonReadOptions;

  /** The type of the next value. */
  type(): JsonType;

  string(): string;

  /**
   * Reads a short string of ASCII characters without escapes into `units`, where a source has it as bytes: quicker than `string`.
   *
   * @returns The number of characters. Negative if the next value is none; nothing is read then.
   */
  ascii?(units: Uint8Array): number;

  /**
   * Reads a string that is one of few, given in quotes: quicker than `string`.
   *
   * @returns Its index. Negative if the next value is none of them; nothing is read then.
   */
  oneOf?(quoted: readonly Uint8Array[]): number;

  /**
   * Reads a number, or a string that a number may stand in.
   *
   * @returns Text for a string, and for an integer that a number would round. Infinity for what is beyond a double.
   */
  number(): number | string;

  /**
   * Reads a string that is the digits of an integer of 64 bits into `words`, where a source has it as bytes: quicker than
   * `number`.
   *
   * @returns False if the next value is none; nothing is read then.
   */
  integer64?(isSigned: boolean): boolean;

  bool(): boolean;

  /** Reads null, if that is the next value. */
  null(): boolean;

  /** Reads the start of an object. `hasKey` follows. */
  beginObject(): void;

  /** True before a key, false after the end of the object. */
  hasKey(): boolean;

  /**
   * Reads the next key, if it is this one: quicker than `key`.
   *
   * @param quoted The key in quotes, as bytes. Empty if it is more than ASCII without escapes.
   */
  keyIs(key: string, quoted: Uint8Array): boolean;

  key(): string;

  /** Reads the start of a list. `hasItem` follows. */
  beginList(): void;

  /** True before an item, false after the end of the list. */
  hasItem(): boolean;

  /**
   * Reads a list of numbers, whose start was read, up to its end: for many of them it is quicker than one by one.
   *
   * @param take Takes what `JSON.parse` makes of it, or returns false.
   * @returns Undefined if it was not taken, or has few numbers, or other values; nothing is read then.
   */
  numbers?(take: (numbers: unknown[]) => boolean): unknown[] | undefined;

  /**
   * How items of lists and values of maps are read, where the source has another form for a type than JSON. Undefined for those that
   * it has in JSON's form.
   */
  itemReader?<T>(type: ReadType<T>): ReadType<T>["readJson"] | undefined;

  /** Passes over a value of any type. */
  skip(): void;

  /** The place where the source stands, before a value. */
  mark(): unknown;

  /** Goes back to a place, and passes over the value there. */
  passOver(mark: unknown): void;
}
