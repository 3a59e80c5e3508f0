import type { JsonWriteOptions } from "./options.js";

/** Where kinds of fields write JSON. In an object, each value follows its key. */
export interface JsonSink {
  readonly options: JsonWriteOptions;

  /** @throws {JsonError} for a string with a lone surrogate, which UTF-8 has no form for. */
  string(value: string): void;

  /** Writes a number that is finite. */
  number(value: number): void;

  bool(value: boolean): void;

  null(): void;

  beginObject(): void;

  /** @throws {JsonError} as `string` does. */
  key(key: string): void;

  endObject(): void;

  beginList(): void;

  endList(): void;
}
