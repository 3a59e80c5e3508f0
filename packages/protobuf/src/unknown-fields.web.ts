// Stands in for `unknown-fields.ts` in a bundle for browsers: the same results.
import { unknownFields } from "./unknown-fields-key.js";
import type { UnknownFields as FullUnknownFields } from "./unknown-fields.js";
import { Writer } from "./writer.web.js";

export class UnknownFields implements Pick<FullUnknownFields, keyof FullUnknownFields> {
  readonly #written = new Writer();

  get bytes(): Uint8Array {
    const { buffer, position } = this.#written;
    return buffer.subarray(0, position);
  }

  add(bytes: Uint8Array, start = 0, end?: number): void {
    this.#written.raw(bytes.subarray(start, end));
  }
}

export function unknownFieldsOf(message: object): UnknownFields {
  const holder = message as { [unknownFields]?: UnknownFields };
  if (!holder[unknownFields]) {
    Object.defineProperty(message, unknownFields, {
      value: new UnknownFields(),
      configurable: true,
      writable: true,
    });
  }
  return holder[unknownFields]!;
}
