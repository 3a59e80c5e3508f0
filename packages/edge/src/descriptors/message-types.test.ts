import { describe, expect, test } from "@jest/globals";
import { fromJsonText, toJsonText, type MessageType } from "@callwire/protobuf";
import { everything } from "../testing/everything.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { QueryRequest } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { contractOf, readContract } from "./contract.js";
import {
  FeatureSet_MessageEncoding as MessageEncoding,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProto,
} from "./gen/google/protobuf/descriptor.js";
import { messageTypesOf } from "./message-types.js";

describe("types made of descriptors", () => {
  const type = messageTypesOf(readContract(descriptorSet)).get(QueryRequest.typeName) as MessageType<object>;

  test("have the bytes and the JSON that generated code has", () => {
    const generated = QueryRequest.fromJSON(everything);
    const bytes = QueryRequest.encode(generated).finish();
    expect(type.toJSON(type.decode(bytes))).toEqual(QueryRequest.toJSON(generated));
    expect(type.encode(fromJsonText(type, JSON.stringify(everything))).finish()).toEqual(
      // JSON's text has no negative zero.
      QueryRequest.encode(fromJsonText(QueryRequest, JSON.stringify(everything))).finish(),
    );
    const options = { alwaysEmitImplicit: true, originalNames: true };
    expect(toJsonText(type, type.create(), options)).toBe(
      toJsonText(QueryRequest, QueryRequest.create(), options),
    );
  });

  test("have the last member of a oneof that came", () => {
    const twice = [{ choiceText: "a" }, { choiceNumber: 2 }].map((json) =>
      type.encode(type.fromJSON(json)).finish(),
    );
    expect(type.toJSON(type.decode(Buffer.concat(twice)))).toEqual({ choiceNumber: 2 });
  });

  test("keep what they do not know", () => {
    expect(type.encode(type.decode(Uint8Array.of(0xf8, 0x7f, 5))).finish()).toEqual(
      Uint8Array.of(0xf8, 0x7f, 5),
    );
  });
});

type File = Parameters<typeof FileDescriptorProto.create>[0];

/** The type of the message `M` of a file of proto2, or of an edition. */
function typeIn(file: File): MessageType<object> {
  const contract = contractOf([FileDescriptorProto.create({ name: "m.proto", package: "p", ...file })]);
  return messageTypesOf(contract).get("p.M") as MessageType<object>;
}

const optional = Label.LABEL_OPTIONAL;
const repeated = Label.LABEL_REPEATED;
const closed = {
  name: "E",
  value: [
    { name: "ONE", number: 1 },
    { name: "__proto__", number: 2 },
  ],
};

describe("what syntaxes and editions have of their own", () => {
  test.each<[string, File, unknown, number[]]>([
    [
      "a required field, written always",
      { messageType: [{ name: "M", field: [field("a_b", 1, Type.TYPE_INT32, Label.LABEL_REQUIRED)] }] },
      { aB: 0 },
      [8, 0],
    ],
    [
      "an optional field with its default",
      { messageType: [{ name: "M", field: [field("__a", 1, Type.TYPE_STRING, optional)] }] },
      { A: "" },
      [10, 0],
    ],
    [
      "a list, expanded in proto2",
      { messageType: [{ name: "M", field: [field("a", 1, Type.TYPE_SINT32, repeated)] }] },
      { a: [-1, 1] },
      [8, 1, 8, 2],
    ],
    [
      "a list that is packed",
      {
        messageType: [
          { name: "M", field: [{ ...field("a", 1, Type.TYPE_SINT32, repeated), options: { packed: true } }] },
        ],
      },
      { a: [-1, 1] },
      [10, 2, 1, 2],
    ],
    [
      "a group",
      {
        messageType: [
          {
            name: "M",
            field: [
              field("g", 1, Type.TYPE_GROUP, optional, ".p.M"),
              field("a", 2, Type.TYPE_BOOL, optional),
            ],
          },
        ],
      },
      { g: { a: true } },
      [11, 16, 1, 12],
    ],
    [
      "a group of an edition",
      {
        syntax: "editions",
        edition: 1000,
        options: { features: { messageEncoding: MessageEncoding.DELIMITED } },
        messageType: [{ name: "M", field: [field("g", 1, Type.TYPE_MESSAGE, repeated, ".p.M")] }],
      },
      { g: [{}, { g: [{}] }] },
      [11, 12, 11, 11, 12, 12],
    ],
    [
      "an enum with a hostile name",
      {
        enumType: [closed],
        messageType: [{ name: "M", field: [field("e", 1, Type.TYPE_ENUM, optional, ".p.E")] }],
      },
      { e: "__proto__" },
      [8, 2],
    ],
    [
      "a field with a hostile name",
      {
        messageType: [
          { name: "M", field: [{ ...field("x", 1, Type.TYPE_STRING, optional), jsonName: "__proto__" }] },
        ],
      },
      JSON.parse('{"__proto__":"x"}'),
      [10, 1, 120],
    ],
    [
      "a negative zero without presence",
      { syntax: "proto3", messageType: [{ name: "M", field: [field("a", 1, Type.TYPE_DOUBLE, optional)] }] },
      { a: "-0" },
      [9, 0, 0, 0, 0, 0, 0, 0, 128],
    ],
    [
      "a map of messages in an edition of groups, with a length always",
      {
        syntax: "editions",
        edition: 1000,
        options: { features: { messageEncoding: MessageEncoding.DELIMITED } },
        messageType: [ofMaps(Type.TYPE_MESSAGE)],
      },
      { m: { 1: {} } },
      [10, 4, 8, 1, 18, 0],
    ],
  ])("%s", (_, file, json, bytes) => {
    const type = typeIn(file);
    expect([...type.encode(type.fromJSON(json)).finish()]).toEqual(bytes);
    expect(type.toJSON(type.decode(Uint8Array.from(bytes)))).toEqual(json);
  });

  test("a number that a closed enum does not name is kept, and not shown", () => {
    const type = typeIn({
      enumType: [closed],
      messageType: [{ name: "M", field: [field("e", 1, Type.TYPE_ENUM, repeated, ".p.E")] }],
    });
    const message = type.decode(Uint8Array.of(8, 9, 8, 1));
    expect(type.toJSON(message)).toEqual({ e: ["ONE"] });
    expect([...type.encode(message).finish()]).toEqual([8, 1, 8, 9]);
  });

  test("an entry of a map that says nothing has the defaults", () => {
    const type = typeIn({ syntax: "proto3", messageType: [ofMaps(Type.TYPE_BOOL)] });
    expect(type.toJSON(type.decode(Uint8Array.of(10, 0, 10, 2, 8, 1)))).toEqual({
      m: { 0: false, 1: false },
    });
  });

  test("a field whose type is in no file is named, with the way to make a whole set", () => {
    const field1 = field("a", 1, Type.TYPE_MESSAGE, optional, ".q.Gone");
    expect(() => typeIn({ messageType: [{ name: "M", field: [field1] }] })).toThrow(
      /^the field p\.M\.a has the type '\.q\.Gone', which no file declares: make it by 'buf build/,
    );
  });
});

function field(name: string, number: number, type: Type, label: Label, typeName?: string) {
  return { name, number, type, label, ...(typeName !== undefined && { typeName }) };
}

/** The message `M`, whose only field is a map of its number to values of a type, or to messages like it. */
function ofMaps(type: Type) {
  const typeName = type === Type.TYPE_MESSAGE ? ".p.M" : undefined;
  const key = field("key", 1, Type.TYPE_INT32, optional);
  const entry = {
    name: "MEntry",
    field: [key, field("value", 2, type, optional, typeName)],
    options: { mapEntry: true },
  };
  return {
    name: "M",
    field: [field("m", 1, Type.TYPE_MESSAGE, repeated, ".p.M.MEntry")],
    nestedType: [entry],
  };
}
