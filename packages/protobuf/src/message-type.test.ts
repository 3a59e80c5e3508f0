import { expect, test } from "@jest/globals";
import { oneof } from "./field-type.js";
import { list } from "./json/composite-types.js";
import { map } from "./json/map-types.js";
import { int32, string } from "./json/scalar-types.js";
import { timestampJson } from "./json/timestamp.js";
import { int64Number } from "./json/integer64-types.js";
import { messageType } from "./message-type.js";

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
