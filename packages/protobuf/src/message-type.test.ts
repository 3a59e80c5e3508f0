import { expect, test } from "@jest/globals";
import { oneof } from "./field-type.js";
import { list } from "./json/composite-types.js";
import { toJsonBytes, toJsonText } from "./json/json-text.js";
import { map } from "./json/map-types.js";
import { int32, string } from "./json/scalar-types.js";
import { timestampJson } from "./json/timestamp.js";
import { int64Number } from "./json/integer64-types.js";
import { messageType, type MessageType } from "./message-type.js";
import { Reader } from "./reader.js";

const noCode = { write: () => {}, read: () => {} };

test("fields() says the names, properties and shapes of a type, and of a copy of it", () => {
  const type = messageType<object>({
    name: "test.M",
    create: () => ({}),
    ...noCode,
    fields: () => ({
      pageSize: int32,
      roles: list(string),
      byId: map(string, int32),
      contact: oneof({ phoneNumber: string }),
    }),
  });
  const copy = { ...type, encode: type.encode };
  const { list: fields, byKey, typeName } = copy.fields()!;
  expect(typeName).toBe("test.M");
  expect(
    fields.map(({ name, jsonName, property, member, type: { shape } }) => [
      name,
      jsonName,
      property,
      member,
      shape,
    ]),
  ).toEqual([
    ["page_size", "pageSize", "pageSize", undefined, undefined],
    ["roles", "roles", "roles", undefined, "list"],
    ["by_id", "byId", "byId", undefined, "map"],
    ["phone_number", "phoneNumber", "contact", "phoneNumber", undefined],
  ]);
  expect(byKey.get("pageSize")).toBe(byKey.get("page_size"));
});

test("fields() has none of a type that has a JSON form of its own", () => {
  const type = messageType<{ seconds: number; nanos: number }>({
    name: "google.protobuf.Timestamp",
    create: () => ({ seconds: 0, nanos: 0 }),
    ...noCode,
    fields: () => ({ seconds: int64Number, nanos: int32 }),
    json: timestampJson(int64Number),
  });
  expect(type.fields()).toBeUndefined();
});

test("JSON that is kept of a message stands for it, wherever it is in another one", () => {
  interface Node {
    name: string;
    children: Node[];
  }
  const type: MessageType<Node> = messageType<Node>({
    name: "test.Node",
    create: () => ({ name: "", children: [] }),
    ...noCode,
    fields: (): object => ({ name: string, children: list(type) }),
  });
  const ascii = { name: "written", children: [] };
  const wide = { name: "written", children: [] };
  const long = { name: "written", children: [] };
  const kept = new Map<object, string>([
    [ascii, '{"name":"kept"}'],
    [wide, '{"name":"gehört – 🙂"}'],
    [long, JSON.stringify({ name: "long".repeat(1000) })],
  ]);
  const message = { name: "é", children: [ascii, { name: "own", children: [wide] }, long, ascii] };
  const options = { keptJson: (one: object) => kept.get(one) };
  const json = `{"name":"é","children":[${kept.get(ascii)},{"name":"own","children":[${kept.get(wide)}]},${kept.get(long)},${kept.get(ascii)}]}`;
  expect(toJsonText(type, message, options)).toBe(json);
  expect(new TextDecoder().decode(toJsonBytes(type, message, options))).toBe(json);
  expect(type.toJSON(message, options)).toEqual(JSON.parse(json));
  expect(toJsonText(type, long, options)).toBe(kept.get(long));
  expect(toJsonText(type, ascii)).toBe('{"name":"written"}');
});

// A page has less code.
const refuses = "begin" in Reader.prototype ? test : test.skip;

refuses("decode refuses what is no Uint8Array, and goes on with what is", () => {
  const type = messageType<{ a: number }>({
    name: "test.M",
    create: () => ({ a: 0 }),
    write: () => {},
    read(message, reader) {
      while (reader.position < reader.limit) {
        reader.tag();
        message.a = reader.int32();
      }
    },
    fields: () => ({ a: int32 }),
  });
  const bytes = Uint8Array.of(8, 5, 8, 6);
  for (const other of [
    bytes.buffer,
    new DataView(bytes.buffer),
    new Uint16Array(bytes.buffer.slice(0)),
    [8, 5],
    "CAU=",
    {},
    5,
  ])
    expect(() => type.decode(other as never)).toThrow("a message is read from a Uint8Array");
  expect(type.decode(bytes)).toEqual({ a: 6 });
  expect(type.decode(bytes, 2)).toEqual({ a: 5 });
  expect(() => type.decode(bytes, 5)).toThrow(RangeError);
});
