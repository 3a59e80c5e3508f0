// Stands in for `unknown-fields.ts` in a bundle for browsers: the same results.
import type { UnknownFields as FullUnknownFields } from "./unknown-fields.js";

export const unknownFields: typeof import("./unknown-fields.js").unknownFields = /* @__PURE__ */ Symbol.for(
  "callwire.unknownFields",
) as never;

export class UnknownFields implements Pick<FullUnknownFields, keyof FullUnknownFields> {
  #memory = new Uint8Array(64);
  #length = 0;

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#length);
  }

  replace(fields: readonly Uint8Array[]): void {
    this.#length = 0;
    this.#memory = new Uint8Array(64);
    for (const bytes of fields) this.add(bytes);
  }

  add(bytes: Uint8Array, start = 0, end?: number): void {
    const added = bytes.subarray(start, end);
    const { length } = this.bytes;
    if (length + added.length > this.#memory.length) {
      const larger = new Uint8Array(2 * (length + added.length));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    this.#memory.set(added, length);
    this.#length += added.length;
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
