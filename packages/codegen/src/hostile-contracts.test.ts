import { clone, create } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  EnumValueDescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  MethodDescriptorProtoSchema,
  OneofDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { Comparison } from "./testing/comparison.js";
import { describeContracts, generateModules } from "./testing/generate-and-compile.js";
import { MessageMaker } from "./testing/random-message.js";
import { Random } from "./testing/random.js";
import { compileContracts, compileFiles, type Generated, type Suite } from "./testing/suite.js";

const limits = { allLongs: true, allTimes: false, unknownInAny: true, listExtensions: true };
const otherOptions = "int64=string,oneof=properties,map=object,timestamp=message";

async function compareAll(suite: Suite, options: string): Promise<Generated> {
  const generated = await suite.load(options);
  for (const schema of suite.types) {
    const maker = new MessageMaker(new Random(1), { ...limits, registry: suite.registry });
    new Comparison(suite.registry, schema, generated).compare(maker);
  }
  return generated;
}

/** A small file with a thing of every kind. */
const sane = create(FileDescriptorProtoSchema, {
  name: "a.proto",
  package: "a",
  syntax: "proto3",
  messageType: [
    create(DescriptorProtoSchema, {
      name: "M",
      field: [
        create(FieldDescriptorProtoSchema, {
          name: "f",
          jsonName: "f",
          number: 1,
          type: FieldDescriptorProto_Type.STRING,
          label: FieldDescriptorProto_Label.OPTIONAL,
          oneofIndex: 0,
        }),
      ],
      oneofDecl: [create(OneofDescriptorProtoSchema, { name: "o" })],
      nestedType: [create(DescriptorProtoSchema, { name: "Inner" })],
    }),
  ],
  enumType: [
    create(EnumDescriptorProtoSchema, {
      name: "E",
      value: [create(EnumValueDescriptorProtoSchema, { name: "V", number: 0 })],
    }),
  ],
  service: [
    create(ServiceDescriptorProtoSchema, {
      name: "S",
      method: [create(MethodDescriptorProtoSchema, { name: "Do", inputType: ".a.M", outputType: ".a.M" })],
    }),
  ],
});

/** Sets the name of one thing in the file. */
const places: Record<string, (file: FileDescriptorProto, name: string) => void> = {
  path: (file, name) => (file.name = `${name}.proto`),
  package: (file, name) => {
    file.package = name;
    const [method] = file.service[0]!.method;
    method!.inputType = method!.outputType = `.${name}.M`;
  },
  message: (file, name) => {
    file.messageType[0]!.name = name;
    const [method] = file.service[0]!.method;
    method!.inputType = method!.outputType = `.a.${name}`;
  },
  "nested message": (file, name) => (file.messageType[0]!.nestedType[0]!.name = name),
  field: (file, name) => (file.messageType[0]!.field[0]!.name = name),
  oneof: (file, name) => (file.messageType[0]!.oneofDecl[0]!.name = name),
  enum: (file, name) => (file.enumType[0]!.name = name),
  "enum value": (file, name) => (file.enumType[0]!.value[0]!.name = name),
  service: (file, name) => (file.service[0]!.name = name),
  method: (file, name) => (file.service[0]!.method[0]!.name = name),
};

const hostileNames = [
  "a'b",
  'a"b',
  "a\nb",
  "a\rb",
  "a\u2028b",
  "a*/b",
  "a`b",
  "a\\b",
  "${a}",
  "a;b",
  "a b",
  "é",
  "1a",
  "",
];
/** These are names of files. */
const sanePaths = new Set(["a*/b", "${a}", "a;b", "a b", "é", "1a", ""]);

describe("a name that is none", () => {
  test("is none in a file that compiles", () => {
    expect(generateModules([sane]).get("a.ts")).toContain("export interface M");
  });

  for (const [what, set] of Object.entries(places)) {
    test.each(hostileNames)(`is refused by its place and itself: ${what} %j`, (name) => {
      if (what === "path" && sanePaths.has(name)) return;
      // A file may have no package.
      if (what === "package" && name === "") return;
      const file = clone(FileDescriptorProtoSchema, sane);
      set(file, name);
      let message = "";
      try {
        generateModules([file]);
      } catch (error) {
        message = (error as Error).message;
      }
      // protobuf-es refuses most of them when it reads the descriptors.
      expect(message).toMatch(/^a\.proto: invalid [a-z ]+ name |is no (?:name|path) of a/);
      expect(message).toContain(JSON.stringify(what === "path" ? `${name}.proto` : name));
    });
  }

  test("is harmless as a path", () => {
    using suite = compileFiles(
      [...sanePaths]
        .filter((name) => name !== "")
        .map((name, index) => {
          const file = clone(FileDescriptorProtoSchema, sane);
          file.name = `${name}.proto`;
          places["package"]!(file, `p${index}`);
          return file;
        }),
      [""],
    );
    expect(suite.types).toHaveLength(12);
  });
});

const comment = [
  "*/ globalThis.ran = true; /*",
  "/* /** // `${(globalThis.ran = true)}` \\u002a/ *\\/ * / **/ globalThis.ran = true;",
  "<script>globalThis.ran = true</script> --> <!-- @ts-ignore @ts-nocheck @ts-expect-error",
  "@deprecated} {@link x\r globalThis.ran = true;\u2028 globalThis.ran = true;\u2029 globalThis.ran = true; \u0000 \u0085",
  "/* eslint-enable */ /* our code begins or ends here */ export const x = 1;",
  "__proto__ : 1,",
].join("\n ");

const commented = `// FIRST

// BEFORE

// LEADING
syntax = "proto2";
// LEADING
package c;
// LEADING
message A { // TRAILING
  // LEADING
  optional string a = 1; // TRAILING
  // LEADING
  oneof o { // TRAILING
    // LEADING
    string b = 2; // TRAILING
  }
  // LEADING
  map<string, A> by = 3;
  // LEADING
  enum Inner { // TRAILING
    // LEADING
    NONE = 0; // TRAILING
    ONE = 1 [deprecated = true];
  }
  // LEADING
  message Nested {}
  extensions 100 to 200;
  // LEADING
  optional group Group = 5 { optional int32 x = 1; }
}
// LEADING
extend A {
  // LEADING
  optional string ext = 100; // TRAILING
}
// LEADING
enum E { Z = 0; }
// LEADING
service S { // TRAILING
  // LEADING
  rpc M(A) returns (A); // TRAILING
}`;

describe("comments", () => {
  test.each(["", otherOptions])("end nothing and begin nothing, wherever they stand: %p", async (options) => {
    const files = describeContracts({ "c.proto": commented });
    for (const { sourceCodeInfo } of files) {
      for (const location of sourceCodeInfo?.location ?? []) {
        if (location.leadingComments !== "") location.leadingComments = ` ${comment}\n`;
        if (location.trailingComments !== "") location.trailingComments = ` ${comment}\n`;
        location.leadingDetachedComments = location.leadingDetachedComments.map(() => ` ${comment}\n`);
      }
    }
    using suite = compileFiles(files, [options]);
    await compareAll(suite, options);
    expect(globalThis).not.toHaveProperty("ran");
  });
});

const deprecated = `syntax = "proto3"; package d;
message Old { option deprecated = true; int32 a = 1; }
message M { int32 f = 1 [deprecated = true]; oneof o { string g = 2 [deprecated = true]; } repeated int32 l = 3 [deprecated = true]; }
enum E { option deprecated = true; ZERO = 0; }
enum F { F_ZERO = 0; F_ONE = 1 [deprecated = true]; }
service Old2 { option deprecated = true; rpc A(M) returns (M); }
service S { rpc A(M) returns (M) { option deprecated = true; } }
service Empty {}`;

describe("contracts at the ends of what there may be", () => {
  test("have @deprecated on what is deprecated", () => {
    const text = generateModules(describeContracts({ "d.proto": deprecated })).get("d.ts")!;
    // ts-proto drops the comments of a oneof's members.
    for (const name of [
      "interface Old",
      "f: number",
      "l: number",
      "const E =",
      "F_ONE: 1",
      "type Old2Definition",
      "a: {",
    ]) {
      const at = text.indexOf(name, name === "a: {" ? text.indexOf("const SDefinition") : 0);
      const before = text
        .slice(0, at)
        .replace(/export $/, "")
        .trimEnd();
      expect({ name, before: before.slice(-15) }).toEqual({ name, before: " @deprecated */" });
    }
  });

  test.each(["", otherOptions])(
    "empty messages and services, the largest number, and odd enums: %p",
    async (options) => {
      using suite = compileContracts(
        {
          "odd.proto": `syntax = "proto2"; package odd;
          message Empty {} message Has { optional Empty e = 1; repeated Empty es = 2; map<int32, Empty> by = 536870911; }
          enum Alias { option allow_alias = true; A = -1; B = -1; C = 2147483647; D = -2147483648; E = 2147483647; }
          message Enums { optional Alias alias = 3 [default = E]; repeated Alias aliases = 536870910; oneof o { int32 of = 5; Alias al = 18999; } }
          service None {}`,
          "empty.proto": 'syntax = "proto3";',
          "service.proto": 'syntax = "proto3"; package only; service Only {}',
        },
        [options],
      );
      const { types } = await compareAll(suite, options);
      const enums = types.get("odd.Enums")!;
      expect(enums.toJSON(enums.fromJSON({ aliases: ["B", "E", "D"] }))).toEqual({
        aliases: ["A", "C", "D"],
      });
    },
  );

  test("a closed enum in a oneof of properties, which keeps its value where a number comes that it does not name", async () => {
    using suite = compileContracts(
      {
        "closed.proto":
          'syntax = "proto2"; package closed; enum E { A = 1; B = 2; } message M { oneof o { E e = 1; string s = 2; } }',
      },
      ["oneof=properties"],
    );
    const type = (await suite.load("oneof=properties")).types.get("closed.M")!;
    expect(type.decode(Uint8Array.of(8, 2, 8, 9))).toMatchObject({ e: 2, s: undefined });
    expect(type.decode(Uint8Array.of(18, 1, 97, 8, 9))).toMatchObject({ e: undefined, s: "a" });
    expect(type.decode(Uint8Array.of(18, 1, 97, 8, 1))).toMatchObject({ e: 1, s: undefined });
  });

  test("an enum of 10,000 values", async () => {
    const value = Array.from({ length: 10_000 }, (_, index) =>
      create(EnumValueDescriptorProtoSchema, { name: `V${index}`, number: index }),
    );
    const file = clone(FileDescriptorProtoSchema, sane);
    file.enumType.push(create(EnumDescriptorProtoSchema, { name: "Big", value }));
    const field = file.messageType[0]!.field[0]!;
    field.type = FieldDescriptorProto_Type.ENUM;
    field.typeName = ".a.Big";
    using suite = compileFiles([file], ["oneof=properties"]);
    const type = (await suite.load("oneof=properties")).types.get("a.M")!;
    expect(type.toJSON(type.decode(type.encode(type.fromJSON({ f: "V9999" })).finish()))).toEqual({
      f: "V9999",
    });
  });

  test.each([otherOptions])("very many fields of all kinds in one message: %p", async (options) => {
    const kinds = [
      "int32 f",
      "repeated sint64 f",
      "map<string, bool> f",
      "optional double f",
      "W f",
      "string f",
    ];
    const fields = Array.from({ length: 600 }, (_, index) => `${kinds[index % 6]}${index} = ${index + 1};`);
    // The compiler takes time that grows with their square: 20 s for 3,000.
    const members = Array.from(
      { length: 300 },
      (_, index) => `${index % 2 ? "string" : "W"} m${index} = ${index + 5000};`,
    );
    using suite = compileContracts(
      {
        "wide.proto": `syntax = "proto3"; message W { ${fields.join(" ")} } message O { oneof o { ${members.join(" ")} } }`,
      },
      [options],
    );
    const { types } = await suite.load(options);
    const wide = types.get("W")!;
    const json = {
      f0: 1,
      f1: ["2"],
      f2: { a: true },
      f3: 0,
      f4: { f599: "z" },
      f598: { f5: "y" },
      f599: "x",
    };
    expect(wide.toJSON(wide.decode(wide.encode(wide.fromJSON(json)).finish()))).toEqual(json);
    const one = types.get("O")!;
    for (const set of [{ m1: "a" }, { m298: { f0: 1 } }, { m299: "b" }]) {
      expect(one.toJSON(one.decode(one.encode(one.fromJSON(set)).finish()))).toEqual(set);
    }
  });
});
