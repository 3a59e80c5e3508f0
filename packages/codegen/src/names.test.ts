import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";

const names = readFileSync(new URL("testing/names.proto", import.meta.url), "utf8");

describe("a contract whose names are words of TypeScript, members of prototypes, and those of generated code", () => {
  test.each([
    "",
    "oneof=properties,map=object,int64=string,timestamp=message",
    "int64=number,unknown_fields=false,index=false",
  ])("compiles under strict, and its messages go to bytes and JSON and back: %p", async (options) => {
    using compiled = compile(generateModules(describeContracts({ "names.proto": names }), options));
    const exported = await compiled.load("names.ts");
    const w = {
      default: "a",
      class: "b",
      constructor: "c",
      toString: "d",
      hasOwnProperty: "e",
      Proto: "f",
      valueOf: 5,
      // oxlint-disable-next-line unicorn/no-thenable
      then: true,
      prototype: "g",
    };
    const type = exported["wMessage"]!;
    const message = type.fromPartial(w);
    expect(message).toEqual(w);
    expect(type.decode(type.encode(message).finish())).toEqual(w);
    expect(type.fromJSON(JSON.parse(JSON.stringify(type.toJSON(message))))).toEqual(w);
    // What an object inherits is no value.
    expect(type.fromPartial({})).toEqual({
      ...w,
      ...Object.fromEntries(Object.keys(w).map((key) => [key, ""])),
      valueOf: 0,
      // oxlint-disable-next-line unicorn/no-thenable
      then: false,
    });

    const nested = exported["mMessage"]!;
    const deep = nested.fromPartial({ m: { m: { w } }, r: [{ end: { arguments: "x" } }] });
    expect(nested.decode(nested.encode(deep).finish())).toEqual(deep);
    expect(nested.fromJSON(nested.toJSON(deep))).toEqual(deep);
  });

  test("with every kind of default compiles under isolatedDeclarations", async () => {
    const files = describeContracts({
      "d.proto": `syntax = "proto2"; package d; enum E { A = 1; B = 2; }
        message D { optional string s = 1 [default = "a\\"b"]; optional double i = 2 [default = -inf]; optional float n = 3 [default = nan];
          optional bytes b = 4 [default = "\\001"]; optional int64 l = 5 [default = -5]; optional E e = 6 [default = B]; extensions 9;
          optional double z = 7 [default = -0.0]; optional float y = 8 [default = -0]; optional bytes q = 10 [default = "it's \\"q\\"\\\\ \\377"]; }
        extend D { optional string class = 9; } service S { rpc Do(D) returns (D); }`,
    });
    const settings = { declaration: true, isolatedDeclarations: true };
    using compiled = compile(generateModules(files, "descriptors"), settings);
    const { DDefaults } = await compiled.load("d.ts");
    expect(DDefaults).toEqual({
      s: 'a"b',
      i: -Infinity,
      n: NaN,
      b: Uint8Array.of(1),
      l: -5n,
      e: 2,
      z: -0,
      y: -0,
      q: Uint8Array.from(Buffer.from(`it's "q"\\ \xff`, "latin1")),
    });
  });

  test("two files of one name in two packages, and one without a package", async () => {
    const text = (name: string) => `syntax = "proto3"; ${name} message Item { string a = 1; }`;
    const files = describeContracts({
      "a/item.proto": text("package a;"),
      "b/item.proto": text("package b;"),
      "item.proto":
        'syntax = "proto3"; import "a/item.proto"; import "b/item.proto"; message Both { a.Item a = 1; b.Item b = 2; }',
    });
    using compiled = compile(generateModules(files));
    const { Both } = await compiled.load("item.ts");
    const both = Both!.fromPartial({ a: { a: "1" }, b: { a: "2" } });
    expect(Both!.decode(Both!.encode(both).finish())).toEqual({ a: { a: "1" }, b: { a: "2" } });
  });
});
