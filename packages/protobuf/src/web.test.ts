// The modules of a bundle for browsers beside those that they stand in for.
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { readGroup, writeGroup } from "./group.js";
import * as webGroup from "./group.web.js";
import * as full from "./index.js";
import { messageType } from "./message-type.web.js";
import { Reader } from "./reader.js";
import { Reader as WebReader } from "./reader.web.js";
import * as scalars from "./scalar-values.js";
import * as webScalars from "./scalar-values.web.js";
import { UnknownFields } from "./unknown-fields.js";
import { UnknownFields as WebUnknownFields } from "./unknown-fields.web.js";
import * as web from "./web.js";
import { readWord } from "./word.js";
import { readWord as webReadWord } from "./word.web.js";
import { Writer } from "./writer.js";
import { Writer as WebWriter } from "./writer.web.js";

/** What a function gives, or says as it throws. */
function told(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return `${(error as Error).constructor.name}: ${(error as Error).message}`;
  }
}

/** The functions for groups of the reader at hand. */
const groups = {
  read: (reader: Reader, tag: number): unknown[] =>
    (reader instanceof Reader ? readGroup : webGroup.readGroup)(reader, tag, nested, undefined),
};

const nested = {
  create: (): unknown[] => [],
  read(list: unknown[], reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      // Field number 0 is no field of any type.
      if (tag < 8) reader.unknown(tag, list);
      else if ((tag & 7) === 2 && tag % 16 < 8) list.push(reader.message(nested, undefined));
      else if ((tag & 7) === 3) list.push(groups.read(reader, tag));
      else reader.unknown(tag, list);
    }
  },
};

/** Its groups are unknown fields. */
const flat = {
  create: (): unknown[] => [],
  read(list: unknown[], reader: Reader): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      if ((tag & 7) === 2 && tag % 16 < 8 && tag >= 8) list.push(reader.message(flat, undefined));
      else reader.unknown(tag, list);
    }
  },
};

// Tags, lengths and small messages are more likely than in bytes of chance.
const bytesOfChance = fc.array(
  fc.oneof(
    fc.constantFrom(0, 1, 2, 8, 10, 11, 12, 0x7f, 0x80, 0xff, 0xc3, 0xa9),
    fc.integer({ min: 0, max: 255 }),
  ),
  { maxLength: 24 },
);

const reads: readonly ((reader: Reader) => unknown)[] = [
  (reader) => reader.tag(),
  (reader) => reader.int32(),
  (reader) => reader.uint32(),
  (reader) => reader.bool(),
  (reader) => reader.bytes(),
  (reader) => reader.string(),
  (reader) => (reader instanceof Reader ? readWord : webReadWord)(reader),
  (reader) => reader.skip(reader.tag()),
  (reader) => reader.more(reader.range()),
  (reader) => reader.message(flat, undefined),
];

test("the reader reads as the other one, and refuses the same with the same words", () => {
  fc.assert(
    fc.property(bytesOfChance, fc.array(fc.nat(reads.length - 1)), (given, ops) => {
      const bytes = Uint8Array.from(given);
      const [one, other] = [new Reader(bytes), new WebReader(bytes) as unknown as Reader].map((reader) => {
        const steps: unknown[] = [];
        for (const op of ops)
          steps.push(
            told(() => reads[op]!(reader)),
            reader.position,
            reader.limit,
          );
        return steps;
      });
      expect(other).toEqual(one);
    }),
    { numRuns: 500 },
  );
});

test("groups are read as by the other one, and refused where it refuses them", () => {
  fc.assert(
    fc.property(bytesOfChance, (given) => {
      const bytes = Uint8Array.of(11, ...given);
      const [one, other] = [new Reader(bytes), new WebReader(bytes) as unknown as Reader].map((reader) => {
        const list: unknown[] = [];
        const result = told(() => nested.read(list, reader));
        // Of several faults, it may be another one.
        if (typeof result === "string") return result.replace(/:.*/, "");
        return [list, reader.position, reader.limit];
      });
      expect(other).toEqual(one);
    }),
    { numRuns: 500 },
  );
});

test("varints are bounded as in the other one", () => {
  for (const last of [0, 1, 2, 0x7f, 0x80]) {
    for (let length = 0; length <= 10; length++) {
      const bytes = Uint8Array.of(...Array<number>(length).fill(0xff), last);
      const [one, other] = [Reader, WebReader].map((Kind) => {
        const reader = new Kind(bytes);
        return [told(() => reader.varint64()), reader.low, reader.high, reader.position];
      });
      expect(other).toEqual(one);
    }
  }
});

test("groups and depths are bounded as in the other one", () => {
  for (const bytes of [[11, 12], [11, 8, 1, 12], [11], [12], [11, 20], [0], [14], [11, 11, 12, 12, 8]]) {
    const [one, other] = [new Reader(Uint8Array.from(bytes)), new WebReader(Uint8Array.from(bytes))].map(
      (reader) => [
        told(() => reader.skip(reader.tag())),
        told(() => nested.read([], reader as unknown as Reader)),
      ],
    );
    expect(other).toEqual(one);
  }
  const deep = new Uint8Array(2 * full.MAX_DEPTH).fill(11, 0, full.MAX_DEPTH).fill(12, full.MAX_DEPTH);
  for (const length of [0, 1, 2]) {
    const bytes = deep.subarray(length, deep.length - length);
    const [one, other] = [Reader, WebReader].map((Kind) => [
      told(() => nested.read([], new Kind(bytes) as unknown as Reader)),
      told(() => {
        const reader = new Kind(bytes);
        return reader.skip(reader.tag());
      }),
    ]);
    expect(other).toEqual(one);
  }
});

test.each<[unknown]>([
  [new ArrayBuffer(2)],
  [Uint16Array.of(1, 2)],
  [new DataView(new ArrayBuffer(2))],
  [[1, 2]],
  ["ab"],
])("the writer of browsers takes no %p for bytes", (value) => {
  expect(() => new WebWriter().bytes(10, value as Uint8Array)).toThrow("invalid uint32");
});

type Write = (writer: Writer, value: never) => void;

const writes: readonly (readonly [Write, readonly unknown[]])[] = [
  [(w, value) => w.uint32(8, value), [0, 300, 2 ** 32 - 1, -1, "7", "x", 1n, 1.5, undefined]],
  [(w, value) => w.int32(4008, value), [0, 300, -1, -(2 ** 31), 2 ** 31, "-7", null]],
  [(w, value) => w.bool(16, value), [true, false, 1, undefined, () => 1, Promise.resolve(1)]],
  [(w, value) => w.bytes(26, value), [new Uint8Array(), new Uint8Array(200).fill(7)]],
  [(w, value) => w.string(34, value), ["", "ü€😀", "\ud800", "x".repeat(200), 5, null, () => 1]],
  [
    (w, value) =>
      w.message(
        42,
        { lengthSize: 1, write: ({ text }: { text: string }, to) => to.string(10, text) },
        { text: value },
      ),
    ["", "x".repeat(126), "x".repeat(20_000)],
  ],
  [
    (w, value) =>
      (w instanceof Writer ? writeGroup : webGroup.writeGroup)(
        w,
        51,
        { lengthSize: 1, write: (text: string, to) => to.string(10, text) },
        value,
      ),
    ["", "a"],
  ],
  [(w, value) => full.writeSint64(w, 56, value), [0, -1, 5n, 2n ** 63n, "12", 1.5]],
  [(w, value) => full.writeFixed64(w, 0, value), [0, 1n, 2n ** 64n, -1]],
  [(w, value) => full.writeDouble(w, 65, value), [0.1, -0, NaN, "5"]],
  [(w, value) => full.writeDate(w, 74, value), [new Date(0), new Date(-1), new Date(NaN)]],
];

test("the writer writes as the other one, and refuses the same with the same words", () => {
  const step = fc
    .nat(writes.length - 1)
    .chain((op) => fc.nat(writes[op]![1].length - 1).map((at) => [op, at] as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const [one, other] = [new Writer(), new WebWriter() as unknown as Writer].map((writer) => {
        const said = steps.map(([op, at]) => {
          const [write, values] = writes[op]!;
          const { length } = writer;
          const result = told(() => write(writer, values[at] as never));
          // An incomplete message is begun again.
          if (typeof result === "string") writer.position -= writer.length - length;
          return result;
        });
        // Jest would compare byte by byte.
        const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
        return { said, length: writer.length, whole: text(writer.finish()), rest: text(writer.finish()) };
      });
      expect(other).toEqual(one);
    }),
    { numRuns: 200 },
  );
});

test.each(Object.keys(scalars))("%s is the same", (name) => {
  const [one, other] = [scalars, webScalars].map((all) => all[name as keyof typeof all]);
  if (typeof one !== "function") {
    expect(other).toBe(one);
    return;
  }
  for (const value of [
    0,
    1,
    -1,
    0.5,
    NaN,
    Infinity,
    4e38,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 63),
    2n ** 63n,
    -1n,
    "5",
    "x",
    true,
    null,
    undefined,
    Symbol.iterator,
  ]) {
    const say = (check: unknown) => told(() => (check as (value: unknown) => unknown)(value));
    expect([value, say(other)]).toEqual([value, say(one)]);
  }
});

test("unknown fields are kept as by the other one", () => {
  const [one, other] = [new UnknownFields(), new WebUnknownFields()].map((fields) => {
    for (let size = 0; size < 100; size++) fields.add(new Uint8Array(size + 2).fill(size), 1, size + 1);
    return [...fields.bytes];
  });
  expect(other).toEqual(one);
});

describe("JSON", () => {
  const Item = messageType<{ text: string }>({
    name: "test.Item",
    create: () => ({ text: "" }),
    write: (m, w) => w.string(10, m.text),
    read: () => {},
    fields: () => ({ text: web.string }),
  });

  // The first of these tests: afterwards it is enabled.
  test("is not there before it is enabled, and says what to do", () => {
    const message = 'this bundle has no JSON: call enableJson() of "@callwire/protobuf" once, before this';
    for (const use of [
      () => Item.toJSON({ text: "a" }),
      () => Item.fromJSON({ text: "a" }),
      () => web.string.isAbsent(""),
      () => web.anyJson.readJson(undefined as never),
    ]) {
      expect(use).toThrow(message);
    }
    expect(Item.fromPartial({ text: "a" })).toEqual({ text: "a" });
  });

  test("fromPartial sets the same fields", () => {
    const fields = (all: typeof full) => () => ({
      text: all.string,
      list: all.list(all.string),
      other: all.named(all.int32, "an_other", "anOther"),
      choice: all.oneof({
        a: all.string,
        b: all.named(all.list(all.string), "b_b", "bB"),
        none: all.nullValue,
      }),
      flat: all.members({ c: all.string, d: all.value }),
    });
    const code = { name: "test.M", create: () => ({}), write: () => {}, read: () => {} };
    const one = full.messageType<object>({ ...code, fields: fields(full) });
    const other = messageType<object>({ ...code, fields: fields(web as never) });
    for (const given of [
      {},
      { text: "a", list: ["b"], other: 5, choice: { $case: "a", value: "c" }, c: "d", d: null },
      { text: null, list: undefined, choice: { $case: "b", value: ["c"] }, flat: 1, d: undefined },
      { choice: { $case: "none", value: 0 } },
      { choice: { $case: "a", value: null } },
      { choice: null, text: () => "a", surplus: 1 },
    ]) {
      expect(other.fromPartial(given)).toEqual(one.fromPartial(given));
    }
    for (const choice of [
      { $case: "toString", value: 0 },
      { case: "a", value: "c" },
      { $case: "a" },
      { a: "c" },
      "a",
    ]) {
      const said = told(() => one.fromPartial({ choice }));
      expect(said).toMatch(/^ProtobufError: invalid oneof choice: /);
      expect(told(() => other.fromPartial({ choice }))).toBe(said);
    }
  });

  test("is there by a function of its text, or when it is enabled", () => {
    expect(web.toJsonText(Item, { text: "a" })).toBe('{"text":"a"}');
    web.enableJson();
    expect(Item.fromJSON({ text: "b" })).toEqual({ text: "b" });
    expect(Item.toJSON({ text: "c" })).toEqual({ text: "c" });
    expect(() => Item.fromJSON(null)).toThrow("not a message: null");
  });

  test("every name is there", () => {
    expect(Object.keys(web).toSorted()).toEqual(Object.keys(full).toSorted());
  });

  type Names = "bool" | "string" | "int32" | "int64" | "bytes" | "date" | "value" | "nullValue" | "fieldMask";

  test.each<[Names, unknown, unknown]>([
    ["bool", true, false],
    ["string", "a", ""],
    ["int32", 5, 0],
    ["int64", 5n, 0n],
    ["bytes", Uint8Array.of(1), new Uint8Array()],
    ["date", new Date(0), undefined],
    ["value", null, undefined],
    ["nullValue", 0, 0],
    ["fieldMask", ["a"], undefined],
  ])("of %s, and of lists and maps of it", (name, given, absent) => {
    for (const kindIn of [
      (all: typeof full) => all[name],
      (all: typeof full) => all.list(all[name]),
      (all: typeof full) => all.map(all.string, all[name]),
      (all: typeof full) => all.optional(all[name]),
    ] as ((all: typeof full) => full.FieldType<unknown>)[]) {
      const one = kindIn(full);
      const other = kindIn(web as never);
      const value = one.shape === "list" ? [given] : one.shape === "map" ? new Map([["k", given]]) : given;
      const text = web.toJsonText(other, value);
      expect(text).toBe(full.toJsonText(one, value));
      expect(web.fromJsonText(other, text)).toEqual(value);
      expect(other.isAbsent(absent)).toBe(one.isAbsent(absent));
      const { takesNull, shape } = one;
      expect({ takesNull: other.takesNull, shape: other.shape }).toEqual({ takesNull, shape });
      const copy = other.fromPartial(value);
      expect(copy).toEqual(value);
      if (shape !== undefined) expect(copy).not.toBe(value);
    }
  });

  test("of each other kind and form is that of the other module", () => {
    const numbers = { A: 1 } as const;
    const seconds = { seconds: 5n, nanos: 0 };
    const forms: readonly ((all: typeof full) => [form: object, value: unknown])[] = [
      (all) => [all.enumeration(numbers), 1],
      (all) => [all.enumeration(numbers, { closed: true }), 1],
      (all) => [all.mapObject(all.string, all.bool), { a: true }],
      (all) => [all.timestampJson(all.int64), seconds],
      (all) => [all.durationJson(all.int64), seconds],
      (all) => [all.wrapperJson(all.int32), { value: 5 }],
      (all) => [all.wrapper(all.int32), 5],
      (all) => [all.fieldMaskJson, { paths: ["a_b"] }],
      (all) => [all.structJson, { fields: { a: 1 } }],
      (all) => [all.structMapJson, { fields: new Map([["a", 1]]) }],
      (all) => [all.listValueJson, { values: [1] }],
      (all) => [all.valueJson, { kind: { $case: "boolValue", value: true } }],
      (all) => [all.struct, { a: [null] }],
      (all) => [all.listValue, [1]],
      ...(["double", "float", "uint32", "uint64", "uint64String", "int64String"] as const).map(
        (name) => (all: typeof full) =>
          [all[name], name.endsWith("String") ? "5" : name === "uint64" ? 5n : 5] as [object, unknown],
      ),
      (all) => [all.int64Number, 5],
      (all) => [all.uint64Number, 5],
    ];
    for (const formIn of forms) {
      const [one, value] = formIn(full) as [full.FieldType<unknown>, unknown];
      const [other] = formIn(web as never) as [full.FieldType<unknown>, unknown];
      const text = full.toJsonText(one, value);
      expect(web.toJsonText(other, value)).toBe(text);
      expect(web.fromJsonText(other, text)).toEqual(full.fromJsonText(one, text));
      expect(other.takesNull).toBe(one.takesNull);
    }
  });
});
