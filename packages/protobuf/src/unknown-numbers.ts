import { Reader } from "./reader.js";
import { unknownFields } from "./unknown-fields-key.js";
import type { UnknownFields } from "./unknown-fields.js";

/** The unknown fields of a message, in the binary format. */
export function unknownBytes(message: object): Uint8Array {
  return (message as { [unknownFields]?: UnknownFields })[unknownFields]?.bytes ?? new Uint8Array(0);
}

/** The numbers of the unknown fields of a message. */
export function numbersIn(message: object): Set<number> {
  return new Set(Array.from(fieldsIn(unknownBytes(message)), ({ number }) => number));
}

/** The fields in bytes of the binary format, and where each begins and ends. */
export function* fieldsIn(bytes: Uint8Array): Generator<{ number: number; start: number; end: number }> {
  const reader = new Reader(bytes);
  while (reader.position < reader.limit) {
    const start = reader.position;
    const tag = reader.tag();
    reader.skip(tag);
    yield { number: tag >>> 3, start, end: reader.position };
  }
}
