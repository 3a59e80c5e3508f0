import type { JsonWriteOptions } from "./options.js";

/** Where kinds of fields write JSON. In an object, each value follows its key. */
export interface JsonSink {
  readonly options: JsonWriteOptions;

  /** @throws {JsonError} for a string with a lone surrogate, which UTF-8 has no form for. */
  string(value: string): void;

  /** Writes a string of ASCII characters, the first of `units`, that need no escape: quicker than `string`. */
  ascii(units: Uint8Array, length: number): void;

  /** Writes a number that is finite. */
  number(value: number): void;

  /** Writes the negative zero of a float or a double. */
  negativeZero(): void;

  /** Writes an integer of 64 bits as a string of its digits. */
  integer64(value: bigint, isSigned: boolean): void;

  bool(value: boolean): void;

  null(): void;

  /** Writes a value that is JSON already, without space around it. */
  json(json: string): void;

  beginObject(): void;

  /**
   * @param quoted The key in quotes, as bytes: quicker. Empty, the default, if it is more than ASCII without escapes.
   * @throws {JsonError} as `string` does.
   */
  key(key: string, quoted?: Uint8Array): void;

  endObject(): void;

  beginList(): void;

  endList(): void;

  /** Writes a list of numbers that are finite: quicker than one by one. */
  numbers?(values: readonly number[]): void;
}
