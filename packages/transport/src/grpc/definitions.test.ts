import { messageType, oneof, string, Writer } from "@callwire/protobuf";
import { describe, expect, test } from "@jest/globals";
import { everyFieldSamples } from "../testing/protobuf-samples.js";
import { EveryField } from "../testing/gen/callwire/transport/testing/v1/every_field.js";
import { methodsOf, type Codec } from "./definitions.js";

type Partial = Parameters<typeof EveryField.fromPartial>[0];

const definition = {
  name: "Test",
  fullName: "test.Test",
  methods: {
    call: {
      name: "Call",
      requestType: EveryField,
      requestStream: false,
      responseType: EveryField,
      responseStream: false,
      options: { idempotencyLevel: "IDEMPOTENT" },
    },
  },
};

const codec = (): Codec => methodsOf(definition)[0]!.request;

function encode(by: Codec, message: unknown, room = 4096): Buffer {
  const writer = new Writer().begin(Buffer.alloc(room + 10, 0xee), 10);
  by.encode(message, writer);
  return Buffer.from(writer.finish());
}

const stock = (message: Partial): Buffer =>
  Buffer.from(EveryField.encode(EveryField.fromPartial(message)).finish());

/** Jest would compare byte by byte. */
function expectSame(bytes: Buffer, expected: Buffer, name: string): void {
  if (!bytes.equals(expected)) expect([name, bytes]).toEqual([name, expected]);
}

describe("messages of ts-proto", () => {
  test("may lack any one of their fields, or have null in its place", () => {
    for (const sample of everyFieldSamples()) {
      for (const name of Object.keys(sample)) {
        for (const missing of [
          { ...sample, [name]: undefined },
          { ...sample, [name]: null },
        ]) {
          expectSame(encode(codec(), missing), stock(missing), name);
        }
        const { [name as keyof EveryField]: _, ...without } = sample;
        expectSame(encode(codec(), without), stock(without), name);
      }
    }
  });

  test("may have any one field alone, on every level", () => {
    for (const sample of everyFieldSamples()) {
      for (const [name, value] of Object.entries(sample)) {
        const alone = { [name]: value } as Partial;
        const nested: Partial[] = [
          alone,
          { child: alone },
          { children: [alone, {}, alone] },
          { choice: { $case: "choiceChild", value: alone } },
          { childrenByNumber: new Map([[5n, alone]]) } as Partial,
        ];
        for (const message of nested) {
          for (const room of [0, 4096]) expectSame(encode(codec(), message, room), stock(message), name);
        }
      }
    }
  });

  test("may be partial and whole by turns", () => {
    const by = codec();
    for (const message of [
      EveryField.fromPartial({ last: "a" }),
      { last: "b" },
      {},
      EveryField.fromPartial({}),
    ]) {
      expect(encode(by, message)).toEqual(stock(message));
    }
  });

  const unreadable = {
    get child(): never {
      throw new Error("not now");
    },
  };
  test.each<[wrong: unknown, message: RegExp]>([
    [{ last: "a", int32Value: "x" }, /^int32Value: invalid int32: NaN$/],
    [
      { last: "a", int32Value: "KIND_A" },
      /^int32Value: invalid int32: NaN: "KIND_A" is a name, and an enum's values are numbers: take them from its generated constant$/,
    ],
    [{ int64Value: 2n ** 64n }, /^int64Value: /],
    [{ strings: ["a", undefined] }, /^strings\[1\]: /],
    [{ children: [{}, { child: { last: "a", int32Value: 0.5 } }] }, /^children\[1\]\.child\.int32Value: /],
    [{ choice: { $case: "choiceChild", value: { int32Value: 0.5 } } }, /^choice: /],
    [{ int64Value: { low: 5, high: 0 } }, /^int64Value: an object, which the field does not take \(/],
    [{ strings: "ab" }, /^strings: a text, which the field does not take \(/],
    [{ children: [{}, undefined, {}] }, /^children\[1\]: undefined, which the field does not take \(/],
    [{ children: [null] }, /^children\[0\]: null, which the field does not take \(/],
    [{ strings: [...Array(2000).fill("a"), undefined] }, /^strings: /],
    [unreadable, /^not now$/],
  ])("that cannot be encoded name the field: %#", (wrong, message) => {
    expect(() => encode(codec(), wrong)).toThrow(message);
  });
});

test("a message of a oneof alone is not sent as an empty one", () => {
  const type = messageType<{ choice: { $case: "text"; value: string } | undefined }>({
    name: "test.OneOf",
    create: () => ({ choice: undefined }),
    write(m, w) {
      if (m.choice?.$case === "text") w.string(10, m.choice.value);
    },
    read: () => {},
    fields: () => ({ choice: oneof({ text: string }) }),
  });
  const [method] = methodsOf({
    fullName: "test.S",
    methods: {
      do: { name: "Do", requestType: type, requestStream: false, responseType: type, responseStream: false },
    },
  });
  const encode = (choice: unknown) => {
    const writer = new Writer();
    method!.request.encode({ choice }, writer);
    return writer.finish();
  };
  expect(() => encode({ $case: "txt", value: "a" })).toThrow("invalid oneof choice: $case is txt");
  expect(() => encode({ case: "text", value: "a" })).toThrow("invalid oneof choice: $case is undefined");
  expect(encode({ $case: "text", value: "a" })).toEqual(Uint8Array.of(10, 1, 97));
  expect(encode(undefined)).toHaveLength(0);
});

test("methods of each form of definition are described alike", () => {
  const serialize = (value: unknown) => Buffer.from(String(value));
  const deserialize = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  const raw = {
    path: "/test.Test/Call",
    requestStream: false,
    responseStream: true,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
  const [tsProto] = methodsOf(definition);
  expect(tsProto).toMatchObject({
    name: "call",
    descriptor: {
      path: "/test.Test/Call",
      requestStream: false,
      options: { idempotencyLevel: "IDEMPOTENT" },
    },
  });
  for (const form of [raw, { ...raw, options: { idempotencyLevel: "IDEMPOTENT" } }]) {
    const [method] = methodsOf({ call: form });
    expect(method!.descriptor).toEqual({
      path: "/test.Test/Call",
      requestStream: false,
      responseStream: true,
      options: (form as { options?: object }).options ?? {},
    });
    expect(method!.request.decode(Buffer.from("xabcx"), 1, 4)).toBe("abc");
    expect(encode(method!.response, "abc").toString()).toBe("abc");
  }
});
