import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { list, optional } from "./composite-types.js";
import { date } from "./date-type.js";
import { enumeration, nullValue } from "./enum-types.js";
import { JsonError } from "./json-error.js";
import { int64 } from "./integer64-types.js";
import { fromJsonText, toJsonText } from "./json-text.js";
import { map, mapObject } from "./map-types.js";
import { contractName } from "./message-fields.js";
import type { RegisteredExtension } from "./options.js";
import { bool, int32, string } from "./scalar-types.js";
import { struct } from "./struct-types.js";
import { codePoint } from "../testing/code-point.js";
import { jsonMessage, read, write, type JsonMessage } from "../testing/json-message.js";

const Department = { UNKNOWN: 0, ENGINEERING: 1, SALES: 2, SELLING: 2 } as const;

interface User {
  id: string;
  age: number;
  department: number;
  roles: string[];
  createdAt: Date | undefined;
  manager: User | undefined;
  nick: string | undefined;
  byId: Map<string, User>;
  contact: { $case: string; value: unknown } | undefined;
}

const User: JsonMessage<User> = jsonMessage<User>({
  create: () => ({
    id: "",
    age: 0,
    department: 0,
    roles: [],
    createdAt: undefined,
    manager: undefined,
    nick: undefined,
    byId: new Map(),
    contact: undefined,
  }),
  fields: () => [
    ["id", string],
    ["age", int32],
    ["department", enumeration(Department)],
    ["roles", list(string)],
    ["created_at", date],
    ["manager", User],
    ["nick", optional(string)],
    ["by_id", map(string, User)],
    {
      oneof: "contact",
      fields: [
        ["phone_number", string],
        ["mail", int32],
        ["none", nullValue],
      ],
    },
  ],
});

const user = (parts: object): User => User.fromPartial(parts);

const full = {
  id: "a",
  age: 3,
  department: 1,
  roles: ["x", "y"],
  createdAt: new Date("2024-02-29T12:00:00.250Z"),
  manager: user({ id: "b" }),
  nick: "",
  byId: new Map([["k", user({ age: 1 })]]),
  contact: { $case: "phoneNumber", value: "" },
};
const fullJson = {
  id: "a",
  age: 3,
  department: "ENGINEERING",
  roles: ["x", "y"],
  createdAt: "2024-02-29T12:00:00.250Z",
  manager: { id: "b" },
  nick: "",
  byId: { k: { age: 1 } },
  phoneNumber: "",
};

describe("a message", () => {
  test("is an object of its fields that are not absent", () => {
    expect(write(User, user({}))).toEqual({});
    expect(write(User, user(full))).toEqual(fullJson);
    expect(toJsonText(User, user(full))).toBe(JSON.stringify(fullJson));
  });

  test("is read from names of JSON and of the contract, in any order", () => {
    expect(read(User, JSON.stringify(fullJson))).toEqual(user(full));
    expect(
      read(
        User,
        '{"phone_number":"","by_id":{"k":{"age":1}},"age":3,"created_at":"2024-02-29T12:00:00.25Z","id":"a"}',
      ),
    ).toEqual(user({ ...full, department: 0, roles: [], manager: undefined, nick: undefined }));
    expect(read(User, ' {\n "id" : "a" ,\t"roles" : [ "x" , "y" ] , "manager" : { } }\r\n')).toEqual(
      user({ id: "a", roles: ["x", "y"], manager: user({}) }),
    );
  });

  test("takes null for a field that is not there", () => {
    expect(
      read(User, '{"id":null,"roles":null,"manager":null,"createdAt":null,"byId":null,"phoneNumber":null}'),
    ).toEqual(user({}));
    expect(() => read(User, "null")).toThrow("not an object: null");
    expect(() => read(User, "[]")).toThrow("not an object: a list");
  });

  test("has options of writing", () => {
    expect(
      write(User, user({ createdAt: new Date(0), department: 2 }), {
        originalNames: true,
        enumsAsIntegers: true,
      }),
    ).toEqual({
      department: 2,
      created_at: "1970-01-01T00:00:00Z",
    });
    expect(write(User, user({}), { alwaysEmitImplicit: true })).toEqual({
      id: "",
      age: 0,
      department: "UNKNOWN",
      roles: [],
      byId: {},
    });
  });

  test("passes over unknown fields when asked to, whatever they are", () => {
    const json = '{"x":{"y":[1,"a\\"",true,null,{}]},"id":"a","zz":-1.5e3,"[a.b]":false}';
    expect(() => read(User, json)).toThrow("x: no field of the message");
    expect(read(User, json, { ignoreUnknownFields: true })).toEqual(user({ id: "a" }));
    expect(() => fromJsonText(User, '{"x":[1,]}', { ignoreUnknownFields: true })).toThrow("malformed JSON");
    expect(() => fromJsonText(User, '{"x":01}', { ignoreUnknownFields: true })).toThrow("malformed JSON");
  });

  test("refuses a field that is there twice", () => {
    for (const json of [
      '{"id":"a","id":"b"}',
      '{"manager":{"age":1},"manager":{}}',
      '{"age":1,"id":"","age":null}',
    ]) {
      expect(() => fromJsonText(User, json)).toThrow("there twice");
    }
    expect(() => read(User, '{"createdAt":null,"created_at":"2024-01-01T00:00:00Z"}')).toThrow(
      "created_at: there twice",
    );
    // The same field of an inner message is another one.
    expect(read(User, '{"id":"a","manager":{"id":"b"}}').manager?.id).toBe("b");
  });

  test("knows its fields beyond the 32nd too", () => {
    const names = Array.from({ length: 40 }, (_, index) => `f${index}`);
    const Wide = jsonMessage<Record<string, number>>({
      create: () => ({}),
      fields: () => names.map((name) => [name, int32] as const),
    });
    const message = Object.fromEntries(names.map((name, index) => [name, index + 1]));
    expect(read(Wide, JSON.stringify(write(Wide, message)))).toEqual(message);
    for (const name of ["f31", "f32", "f39"]) {
      expect(() => fromJsonText(Wide, `{"${name}":1,"f0":2,"${name}":1}`)).toThrow(`${name}: there twice`);
    }
  });

  test("has at most one member of a oneof", () => {
    expect(read(User, '{"mail":0}').contact).toEqual({ $case: "mail", value: 0 });
    expect(read(User, '{"phoneNumber":null,"mail":1}').contact).toEqual({ $case: "mail", value: 1 });
    expect(read(User, '{"none":null}').contact).toEqual({ $case: "none", value: 0 });
    expect(write(User, user({ contact: { $case: "none", value: 0 } }))).toEqual({ none: null });
    expect(() => read(User, '{"phoneNumber":"","mail":1}')).toThrow("mail: a second member of its oneof");
    expect(() => read(User, '{"none":null,"mail":1}')).toThrow("mail: a second member of its oneof");
    expect(user({ contact: { $case: "phoneNumber", value: undefined } }).contact).toBeUndefined();
  });

  test.each<[unknown, string]>([
    [{ $case: "phone", value: "1" }, "$case is phone, and not one of phoneNumber, mail, none"],
    [{ case: "mail", value: 1 }, "$case is undefined, and not one of phoneNumber, mail, none"],
    [{ $case: "mail" }, "mail has no value"],
    ["mail", "$case is undefined, and not one of phoneNumber, mail, none"],
  ])("is made with no oneof that would be lost: %p", (contact, why) => {
    expect(() => user({ contact })).toThrow(`invalid oneof contact: ${why}`);
  });

  test("may have the members of a oneof as properties", () => {
    const Flat = jsonMessage<Record<string, unknown>>({
      create: () => ({}),
      fields: () => [
        {
          oneof: "c",
          flat: true,
          fields: [
            ["phone_number", optional(string)],
            ["mail", optional(int32)],
          ],
        },
      ],
    });
    expect(read(Flat, '{"phoneNumber":""}')).toEqual({ phoneNumber: "" });
    expect(write(Flat, { mail: 0 })).toEqual({ mail: 0 });
    expect(Flat.fromPartial({ mail: 1, phoneNumber: null })).toEqual({ mail: 1 });
    expect(() => read(Flat, '{"phoneNumber":"","mail":1}')).toThrow("mail: a second member of its oneof");
  });

  test("may have names that do not follow from the contract", () => {
    const Named = jsonMessage<Record<string, unknown>>({
      create: () => ({}),
      fields: () => [
        ["FOO_BAR", string, "fooBar", "FOOBAR"],
        ["other", string, "other", 'quoted "é"'],
        { oneof: "one", fields: [["c_c", string, "dd", "ee"]] },
      ],
    });
    expect(read(Named, '{"FOOBAR":"a","quoted \\"é\\"":"b"}')).toEqual({ fooBar: "a", other: "b" });
    expect(write(Named, { fooBar: "a", other: "b" })).toEqual({ FOOBAR: "a", 'quoted "é"': "b" });
    expect(read(Named, '{"c_c":"a"}')).toEqual({ one: { $case: "dd", value: "a" } });
    expect(write(Named, { one: { $case: "dd", value: "a" } })).toEqual({ ee: "a" });
  });

  test("has extensions that a registry knows", () => {
    const extension: RegisteredExtension = {
      name: "a.b",
      takesNull: false,
      writeJson: (message, sink) => struct.writeJson((message as { ext: never }).ext, sink),
      readJson: (message, source) => void Object.assign(message, { ext: struct.readJson(source) }),
    };
    const registry = {
      message: () => undefined,
      extension: (name: string, extendee: string) =>
        name === "a.b" && extendee === "test.Message" ? extension : undefined,
      extensionsIn: (_: string, message: object) => ("ext" in message ? [extension] : []),
    };
    expect(write(User, { ...user({ id: "x" }), ext: { c: [1] } } as never, { registry })).toEqual({
      id: "x",
      "[a.b]": { c: [1] },
    });
    expect(read(User, '{"[a.b]":{"c":[1]},"id":"x"}', { registry })).toEqual({
      ...user({ id: "x" }),
      ext: { c: [1] },
    });
    expect(read(User, '{"[a.b]":null}', { registry })).toEqual(user({}));
    expect(() => read(User, '{"[a.c]":1}', { registry })).toThrow("[a.c]: no field");
  });

  test("does not take what its object inherits for a value", () => {
    const Odd = jsonMessage<Record<string, unknown>>({
      create: () => ({}),
      fields: () => [
        ["constructor", string],
        ["to_string", string],
      ],
    });
    expect(write(Odd, {})).toEqual({});
    expect(Odd.fromPartial({})).toEqual({});
    expect(read(Odd, '{"constructor":"a","toString":"b"}')).toEqual({ constructor: "a", toString: "b" });
  });

  test("copies what it is made of", () => {
    const from = user(full);
    const copy = user(from);
    expect(copy).toEqual(from);
    for (const property of ["roles", "manager", "byId", "contact"] as const)
      expect(copy[property]).not.toBe(from[property]);
    expect(copy.byId.get("k")).not.toBe(from.byId.get("k"));
  });
});

describe("an error", () => {
  const errorOf = (run: () => unknown): JsonError => {
    try {
      run();
    } catch (error) {
      if (error instanceof JsonError) return error;
      throw error;
    }
    throw new Error("no error");
  };

  test("has the path of the field, in its message and its stack", () => {
    const error = errorOf(() => read(User, '{"byId":{"a b":{"manager":{"roles":["a","b",3]}}}}'));
    expect(error.path).toBe('by_id["a b"].manager.roles[2]');
    expect(error.reason).toBe("not a string: 3");
    expect(error.message).toBe(`${error.path}: ${error.reason}`);
    expect(error.stack).toContain(error.message);
    expect(errorOf(() => read(User, '{"createdAt":"$& $1"}')).stack).toContain(
      'created_at: not a timestamp of the years 1 to 9999, as 2024-05-01T12:00:00Z is: "$& $1"',
    );
  });

  test("has it when a message is written too", () => {
    const message = user({ manager: user({ byId: new Map([["k", user({ roles: ["a", 1 as never] })]]) }) });
    expect(errorOf(() => write(User, message)).message).toBe('manager.by_id["k"].roles[1]: not a string: 1');
    expect(errorOf(() => write(User, user({ contact: { $case: "mail", value: 0.5 } }))).path).toBe("mail");
    expect(errorOf(() => write(User, { ...user({}), roles: "ab" as never })).message).toBe(
      'roles: not a list: "ab"',
    );
  });

  test("shows a long value in part", () => {
    expect(errorOf(() => read(User, JSON.stringify({ age: "x".repeat(500) }))).message).toMatch(
      /^age: not an int32: "x{59}…$/,
    );
    const key = "k".repeat(500);
    expect(errorOf(() => read(User, JSON.stringify({ [key]: 1 }))).path).toBe(`${key.slice(0, 200)}…`);
  });

  test("has the names that are known, where one is not", () => {
    expect(errorOf(() => read(User, '{"nme":1}')).names).toMatchObject({
      wrong: "nme",
      known: expect.arrayContaining(["created_at", "by_id"]),
    });
    expect(errorOf(() => read(User, '{"age":"x"}')).names).toBeUndefined();
  });
});

describe("lists and maps", () => {
  test("have no null in them", () => {
    expect(() => read(list(string), '["a",null]')).toThrow("[1]: not a value: null");
    expect(() => read(map(string, int32), '{"a":null}')).toThrow('["a"]: not a value: null');
    expect(read(list(nullValue), "[null]")).toEqual([0]);
    expect(() => read(list(string), '"a"')).toThrow("not a list");
    expect(() => read(map(string, string), "[]")).toThrow("not an object: a list");
  });

  test("keys of maps are text, of each type", () => {
    expect(read(map(int32, string), '{"1":"a","-2":"b"}')).toEqual(
      new Map([
        [1, "a"],
        [-2, "b"],
      ]),
    );
    expect(write(map(int32, string), new Map([[-2, "b"]]))).toEqual({ "-2": "b" });
    expect(read(map(bool, int32), '{"true":1,"false":2}')).toEqual(
      new Map([
        [true, 1],
        [false, 2],
      ]),
    );
    expect(write(map(bool, int32), new Map([[true, 1]]))).toEqual({ true: 1 });
    for (const key of [-(2n ** 63n), 2n ** 63n - 1n]) {
      expect(write(map(int64, int32), new Map([[key, 1]]))).toEqual({ [String(key)]: 1 });
      expect(toJsonText(map(int64, int32), new Map([[key, 1]]))).toBe(`{"${key}":1}`);
      expect(read(map(int64, int32), `{"${key}":1}`)).toEqual(new Map([[key, 1]]));
    }
    expect(() => read(map(bool, int32), '{"True":1}')).toThrow('["True"]: not a bool');
    expect(() => read(map(int32, int32), '{"01":1}')).toThrow('["01"]: not an int32');
    expect(() => read(map(int32, int32), '{"":1}')).toThrow("not an int32");
    expect(() => fromJsonText(map(string, int32), '{"a":1,"a":2}')).toThrow('["a"]: there twice');
    expect(() => read(map(int32, int32), '{"1":1,"1.0":2}')).toThrow("there twice");
    expect(() => read(map(string, int32), '{"\\ud800":1}')).toThrow("not Unicode text");
    expect(() => write(map(string, int32), new Map([["\ud800", 1]]))).toThrow("not Unicode text");
    expect(() => write(map(int32, int32), new Map([[0.5, 1]]))).toThrow("not an int32");
    expect(() => write(map(string, int32), { a: 1 })).toThrow("not a map");
  });

  test("a key is data, whatever it is", () => {
    const keys = ["__proto__", "constructor", "toString", ""];
    const json = `{${keys.map((key) => `"${key}":"${key}"`).join(",")}}`;
    const object = read(mapObject(string, string), json);
    expect(Object.keys(object)).toEqual(keys);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(toJsonText(mapObject(string, string), object)).toBe(json);
    expect(JSON.stringify(write(mapObject(string, string), object))).toBe(json);
    expect(JSON.stringify(mapObject(string, string).fromPartial(object))).toBe(json);
    expect(read(map(string, string), json)).toEqual(new Map(keys.map((key) => [key, key])));
    expect(read(mapObject(int32, int32), '{"1":1}')).toEqual({ 1: 1 });
    expect(() => write(mapObject(int32, int32), { a: 1 })).toThrow("not an int32");
    expect(() => fromJsonText(mapObject(string, int32), '{"__proto__":1,"__proto__":2}')).toThrow(
      "there twice",
    );
  });

  test("know when they are empty", () => {
    expect([
      list(string).isAbsent([]),
      map(string, string).isAbsent(new Map()),
      mapObject(string, string).isAbsent({}),
    ]).toEqual([true, true, true]);
    expect([
      list(string).isAbsent([""]),
      map(string, string).isAbsent(new Map([["", ""]])),
      mapObject(string, string).isAbsent({ "": "" }),
    ]).toEqual([false, false, false]);
  });
});

describe("an enum", () => {
  const open = enumeration(Department);
  const closed = enumeration(Department, { closed: true });

  test("is its name, or its number", () => {
    expect([read(open, '"SALES"'), read(open, '"SELLING"'), read(open, "1"), read(open, "1.0")]).toEqual([
      2, 2, 1, 1,
    ]);
    expect([write(open, 2), write(open, 7 as never)]).toEqual(["SALES", 7]);
    expect(write(open, 2, { enumsAsIntegers: true })).toBe(2);
    expect(() => read(open, '"sales"')).toThrow('not a value of the enum: "sales"');
    expect(() => read(open, '"1"')).toThrow("not a value of the enum");
    expect(() => read(open, '"1"')).toThrow(
      expect.objectContaining({ names: expect.objectContaining({ wrong: "1" }) }),
    );
    expect(() => read(open, '"toString"')).toThrow("not a value of the enum");
    expect(() => read(open, "0.5")).toThrow("not an int32");
    expect(() => read(open, "true")).toThrow("not a number: true");
    expect(() => write(open, "SALES")).toThrow("not an int32");
  });

  test("that is open takes numbers without a name, one that is closed does not", () => {
    expect(read(open, "123")).toBe(123);
    expect(read(closed, "2")).toBe(2);
    expect(() => read(closed, "123")).toThrow("not a value of the enum: 123");
  });

  test("passes over unknown names when unknown fields are passed over", () => {
    const options = { ignoreUnknownFields: true };
    expect(read(User, '{"department":"NEW","age":1}', options)).toEqual(user({ age: 1 }));
    expect(read(list(open), '["SALES","NEW",1]', options)).toEqual([2, 1]);
    expect(read(map(string, open), '{"a":"NEW","b":"SALES"}', options)).toEqual(new Map([["b", 2]]));
    expect(read(list(closed), "[2,123]", options)).toEqual([2]);
    expect(() => read(list(open), '["NEW"]')).toThrow("[0]: not a value of the enum");
    expect(() => read(open, "0.5", options)).toThrow("not an int32");
  });

  test("of NullValue is null", () => {
    expect([read(nullValue, "null"), read(nullValue, '"NULL_VALUE"'), read(nullValue, "0")]).toEqual([
      0, 0, 0,
    ]);
    expect(write(nullValue, 0)).toBeNull();
    expect(() => read(nullValue, "1")).toThrow("not null: 1");
  });
});

test("the name in the contract follows from that of the property", () => {
  expect(["a", "createdAt", "aB", "field0Name", "eTAG"].map(contractName)).toEqual([
    "a",
    "created_at",
    "a_b",
    "field0_name",
    "e_t_a_g",
  ]);
});

test("messages come back as they were", () => {
  const text = fc.string({ unit: codePoint });
  const leaf = fc.record({
    id: text,
    age: fc.integer(),
    department: fc.constantFrom(0, 1, 2, 99),
    roles: fc.array(text),
    nick: fc.option(text, { nil: undefined }),
  });
  const inner = fc.record({
    id: text,
    createdAt: fc.option(
      fc.date({
        min: new Date("0001-01-01T00:00:00Z"),
        max: new Date("9999-12-31T23:59:59.999Z"),
        noInvalidDate: true,
      }),
      { nil: undefined },
    ),
    manager: fc.option(leaf, { nil: undefined }),
    byId: fc.array(fc.tuple(text, leaf)).map((entries) => new Map(entries)),
    contact: fc.oneof(
      fc.record({ $case: fc.constant("phoneNumber"), value: text }),
      fc.record({ $case: fc.constant("mail"), value: fc.integer() }),
    ),
  });
  fc.assert(
    fc.property(inner, fc.boolean(), fc.boolean(), (parts, originalNames, alwaysEmitImplicit) => {
      const message = user(parts);
      expect(
        read(User, JSON.stringify(write(User, message, { originalNames, alwaysEmitImplicit }), null, 1)),
      ).toEqual(message);
    }),
  );
});
