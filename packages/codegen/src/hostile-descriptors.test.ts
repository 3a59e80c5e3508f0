import { create } from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  type DescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";

const { STRING, MESSAGE } = FieldDescriptorProto_Type;

function field(name: string, number: number, type = STRING, typeName = "", jsonName = name) {
  const label = FieldDescriptorProto_Label.OPTIONAL;
  return create(FieldDescriptorProtoSchema, { name, number, type, typeName, jsonName, label });
}

function file(
  messageType: DescriptorProto[],
  name = "hostile.proto",
  packageName = "hostile",
): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, { name, package: packageName, syntax: "proto3", messageType });
}

const message = (name: string, fields: ReturnType<typeof field>[], nestedType: DescriptorProto[] = []) =>
  create(DescriptorProtoSchema, { name, field: fields, nestedType });

describe("descriptors by hostile hands", () => {
  test.each([
    ["a message", () => file([message("A { } process.exit(1); interface B", [])])],
    ["a message", () => file([message("A\n", [])])],
    ["a field", () => file([message("A", [field('x"; process.exit(1); "', 1)])])],
    ["a field", () => file([message("A", [field("a*/b", 1)])])],
    ["a package", () => file([message("A", [])], "a.proto", "a'; process.exit(1); '")],
    ["a path", () => file([message("A", [])], "a.proto\nprocess.exit(1)")],
    ["a path", () => file([message("A", [])], "a'.proto")],
    ["a path", () => file([message("A", [])], "a\u2028.proto")],
  ])("%s that is no name is refused", (_, make) => {
    expect(() => generateModules([make()])).toThrow(/is no (name|path) of a|invalid \w+ name/);
  });

  test("comments end nothing and begin nothing", async () => {
    const comment = [
      "*/ globalThis.ran = true; /*",
      "`${globalThis.ran = true}` \\u002a/ <script>alert(1)</script>",
      "@ts-ignore // \r globalThis.ran = true; \u2028 globalThis.ran = true;",
    ];
    const lines = comment.map((line) => `// ${line.replace(/[\r\u2028]/g, " ")}\n`).join("");
    const files = describeContracts({
      "comments.proto": `syntax = "proto3";\n${lines}message A {\n${lines}string a = 1;\n${lines}oneof o {\n${lines}string b = 2; } }\n${lines}enum E {\n${lines}NONE = 0; }\n${lines}service S {\n${lines}rpc M(A) returns (A); }`,
    });
    for (const { sourceCodeInfo } of files) {
      for (const location of sourceCodeInfo?.location ?? []) {
        if (location.leadingComments !== "") location.leadingComments = ` ${comment.join("\n ")}\n`;
      }
    }
    using compiled = compile(generateModules(files));
    await compiled.load("comments.ts");
    expect((globalThis as { ran?: boolean }).ran).toBeUndefined();
  });

  test("names in JSON are any text", async () => {
    const odd = ['"', "\\", "`${1}`", "__proto__", "\u2028", "*/", ""].map((jsonName, index) =>
      field(`f${index}`, index + 1, STRING, "", jsonName === "" ? "f6" : jsonName),
    );
    using compiled = compile(generateModules([file([message("Odd", odd)])]));
    const { Odd } = await compiled.load("hostile.ts");
    const whole = Odd!.fromPartial(Object.fromEntries(odd.map(({ name }) => [name, name])));
    const json = Odd!.toJSON(whole) as object;
    expect(Object.keys(json)).toEqual(odd.map(({ jsonName }) => jsonName));
    expect(Odd!.fromJSON(JSON.parse(JSON.stringify(json)))).toEqual(whole);
  });

  test("10,000 fields, 100 messages in one another, aliases and negative numbers", async () => {
    const fields = Array.from({ length: 10_000 }, (_, index) => field(`f${index}`, index + 1));
    let deepest = message("D99", [field("leaf", 536_870_911)]);
    for (let depth = 98; depth >= 0; depth--) {
      const path = Array.from({ length: depth + 2 }, (_, index) => `D${index}`).join(".");
      deepest = message(`D${depth}`, [field("inner", 1, MESSAGE, `.hostile.${path}`)], [deepest]);
    }
    const [enums] = describeContracts({
      "enums.proto":
        'syntax = "proto3"; enum E { option allow_alias = true; ZERO = 0; NONE = 0; LOW = -2147483648; MINUS = -1; HIGH = 2147483647; } message Has { E e = 1; repeated E es = 2; }',
    });
    using compiled = compile(generateModules([file([message("Wide", fields), deepest]), enums!]));
    const { Wide } = await compiled.load("hostile.ts");
    const wide = Wide!.fromPartial({ f0: "a", f9999: "z" });
    expect(Wide!.decode(Wide!.encode(wide).finish())).toEqual(wide);
    expect(Wide!.toJSON(wide)).toEqual({ f0: "a", f9999: "z" });
    const { Has } = await compiled.load("enums.ts");
    const has = Has!.fromPartial({ e: -1, es: [0, -2147483648, 2147483647, 7] });
    expect(Has!.decode(Has!.encode(has).finish())).toEqual(has);
    expect(Has!.toJSON(has)).toEqual({ e: "MINUS", es: ["ZERO", "LOW", "HIGH", 7] });
  });
});
