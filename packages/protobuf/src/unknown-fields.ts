import { unknownFields } from "./unknown-fields-key.js";

/** So few bytes are copied one by one: a view of them would cost more. A message may have millions of such fields. */
const MAX_COPIED_BY_HAND = 32;

/**
 * The fields of a message that its type does not have, as they came: tags and values, one after the other. Their memory is a
 * small multiple of what they took on the wire, however many they are.
 */
export class UnknownFields {
  #memory = new Uint8Array(64);
  #length = 0;

  /** All of them, in the binary format: a view of what is there now. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  /** Adds one field, tag and value: the bytes from `start` to `end`. */
  add(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const from = this.#length;
    const needed = from + end - start;
    if (needed > this.#memory.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#memory.length));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    if (end - start > MAX_COPIED_BY_HAND) this.#memory.set(bytes.subarray(start, end), from);
    else for (let at = start, to = from; at < end; at++, to++) this.#memory[to] = bytes[at]!;
    this.#length = needed;
  }
}

/** The unknown fields of a message, which it gets here if it has none. */
export function unknownFieldsOf(message: object): UnknownFields {
  const holder = message as { [unknownFields]?: UnknownFields };
  if (holder[unknownFields] === undefined) {
    Object.defineProperty(message, unknownFields, {
      value: new UnknownFields(),
      configurable: true,
      writable: true,
    });
  }
  return holder[unknownFields]!;
}
