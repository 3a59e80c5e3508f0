import { describe, expect, test } from "@jest/globals";
import {
  clearExtension,
  extension,
  getExtension,
  hasExtension,
  setExtension,
  type ExtensionValue,
} from "./extension.js";
import { value } from "./json/struct-types.js";
import { bytes, int32 } from "./json/scalar-types.js";
import { optional } from "./json/composite-types.js";
import { messageType } from "./message-type.js";
import { createRegistry } from "./registry.js";
import { readValue, writeValue } from "./struct.js";

interface Base {
  id: number;
}

const Base = messageType<Base>({
  name: "test.Base",
  create: () => ({ id: 0 }),
  write(m, w) {
    if (m.id !== 0) w.int32(8, m.id);
    w.unknown(m);
  },
  read(m, r) {
    while (r.position < r.limit) {
      const tag = r.tag();
      if (tag === 8) m.id = r.int32();
      else r.unknown(tag, m);
    }
  },
  fields: () => ({ id: int32 }),
});

const picture = extension<Base, Uint8Array | undefined>({
  name: "test.picture",
  extendee: "test.Base",
  number: 100,
  kind: optional(bytes),
  create: () => ({ value: undefined }),
  write(m, w) {
    if (m.value !== undefined) w.bytes(802, m.value);
  },
  read(m, r) {
    while (r.position < r.limit) {
      const tag = r.tag();
      if (tag === 802) m.value = r.bytes();
      else r.unknown(tag, m);
    }
  },
});

const anything = extension<Base, unknown>({
  name: "test.anything",
  extendee: "test.Base",
  number: 101,
  kind: value,
  create: (): ExtensionValue<unknown> => ({ value: undefined }),
  write(m, w) {
    if (m.value !== undefined) writeValue(w, 810, m.value);
  },
  read(m, r) {
    while (r.position < r.limit) {
      const tag = r.tag();
      if (tag === 810) m.value = readValue(r, m.value);
      else r.unknown(tag, m);
    }
  },
});

describe("an extension", () => {
  test("is set, sent, read and cleared", () => {
    const message = Base.create({ id: 5 });
    expect([hasExtension(message, picture), getExtension(message, picture)]).toEqual([false, undefined]);
    setExtension(message, picture, Uint8Array.of(1, 2));
    setExtension(message, anything, "a");
    setExtension(message, picture, Uint8Array.of(3));
    const read = Base.decode(Base.encode(message).finish());
    expect(read).toEqual({ id: 5 });
    expect([getExtension(read, picture), getExtension(read, anything)]).toEqual([Uint8Array.of(3), "a"]);
    clearExtension(read, picture);
    expect([hasExtension(read, picture), hasExtension(read, anything)]).toEqual([false, true]);
  });

  test("that was read stays as it is when another one is set", () => {
    const message = Base.create();
    setExtension(message, picture, Uint8Array.of(1, 2, 3, 4));
    const before = getExtension(message, picture);
    setExtension(message, picture, Uint8Array.of(9, 9, 9, 9));
    expect(before).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test("is in JSON if the registry has it; null is a Value, and no picture", () => {
    const registry = createRegistry(Base, picture, anything);
    const json = { id: 1, "[test.picture]": "AQI=", "[test.anything]": null };
    const message = Base.fromJSON(json, { registry });
    expect([getExtension(message, picture), getExtension(message, anything)]).toEqual([
      Uint8Array.of(1, 2),
      null,
    ]);
    expect(Base.toJSON(message, { registry })).toEqual(json);
    expect(hasExtension(Base.fromJSON({ "[test.picture]": null }, { registry }), picture)).toBe(false);
    expect(() => Base.fromJSON(json)).toThrow("[test.picture]");
  });
});
