import { ENTRY_OVERHEAD } from "./dynamic-table.js";
import { isPaddedValue, isValidName, isValidValue } from "./field-rules.js";
import { MAX_INTEGER_LENGTH } from "./integers.js";

/** The number of lists that an encoder keeps the encoded form of. */
export const HEADER_FIELDS_SLOTS = 64;

const NO_FIELDS: readonly string[] = [];

let made = 0;

/**
 * Header fields that are sent again and again, in this order: made once, for all connections. An encoder puts
 * such fields into its dynamic table, and keeps their encoded bytes.
 */
export class HeaderFields {
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  /** The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113, section 6.5.2), in bytes. */
  readonly size: number;
  /** The most bytes that the fields take in any encoding. */
  readonly maxLength: number;
  /** Where an encoder keeps the encoded bytes: lists made one after the other have different slots. */
  readonly slot: number;

  /**
   * `fields`: name, value, name, value …
   *
   * @throws TypeError for a name or a value that RFC 9113, section 8.2.1 does not allow
   */
  constructor(fields: readonly string[]) {
    if (fields.length % 2 !== 0) throw new TypeError("A header field without a value");
    let size = 0;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      const value = fields[i + 1]!;
      if (!isValidName(name)) throw new TypeError(`Invalid header name ${JSON.stringify(name)}`);
      // The value may be a secret: it is not shown.
      if (!isValidValue(value) || isPaddedValue(value))
        throw new TypeError(`Invalid value of header ${name}`);
      size += name.length + value.length + ENTRY_OVERHEAD;
    }
    this.fields = [...fields];
    this.size = size;
    this.maxLength = maxEncodedLength(fields);
    this.slot = made++ % HEADER_FIELDS_SLOTS;
  }
}

/** The size of a list that begins with `fields`, as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113, section 6.5.2). */
export function headerListSize(fields: HeaderFields, rest: readonly string[] = NO_FIELDS): number {
  let { size } = fields;
  for (let i = 0; i < rest.length; i++) size += rest[i]!.length;
  return size + (rest.length / 2) * ENTRY_OVERHEAD;
}

/** The most bytes that these fields take: all of them literals (RFC 7541, section 6.2) without Huffman's code. */
export function maxEncodedLength(fields: readonly string[]): number {
  let length = 0;
  for (let i = 0; i < fields.length; i++) length += fields[i]!.length + MAX_INTEGER_LENGTH;
  return length + fields.length / 2;
}
