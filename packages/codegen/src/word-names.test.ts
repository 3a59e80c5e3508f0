import { describe, expect, test } from "@jest/globals";
import { Comparison } from "./testing/comparison.js";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";
import { MessageMaker } from "./testing/random-message.js";
import { Random } from "./testing/random.js";
import { compileContracts, compileFiles, type Generated, type Suite } from "./testing/suite.js";
import { allWords } from "./testing/words.js";

/** One of the words that TypeScript or JSON write alike, as `foo_bar` and `fooBar`. */
const plain = (name: string) => name.replaceAll("_", "").toLowerCase();
const distinctOf = (words: readonly string[]) => [
  ...new Map(words.map((name) => [plain(name), name])).values(),
];

/** A contract in which each of some words stands wherever a name may. */
function contract(syntax: "proto2" | "proto3", words: readonly string[]): string {
  const distinct = distinctOf(words);
  const optional = syntax === "proto2" ? "optional " : "";
  const each = (names: readonly string[], line: (name: string, index: number) => string) =>
    names.map(line).join("\n");
  return `syntax = "${syntax}"; package words;
    message Fields { ${each(distinct, (name, index) => `${optional}string ${name} = ${index + 1};`)} }
    ${each(words, (name) => `message ${name} { ${optional}string ${name} = 1; }`)}
    message Uses { ${each(words, (name, index) => `${optional}.words.${name} u${index} = ${index + 1};`)} }
    message Values {
      enum Q9 { ${each(distinct, (name, index) => `${name} = ${index};`)} }
      ${optional}Q9 one9 = 1; repeated Q9 some9 = 2; map<string, Q9> by9 = 3;
    }
    message Members { oneof one { ${each(distinct, (name, index) => `sint32 ${name} = ${1000 + index};`)} } }
    message Oneofs { ${each(distinct, (name, index) => `oneof ${name} { int32 o${index}a = ${index * 2 + 1}; string o${index}b = ${index * 2 + 2}; }`)} }
    message Outer {
      ${each(words, (name) => `message ${name} { ${optional}bool ${name} = 1; }`)}
      ${optional}Outer.${words[0]} c = 1;
    }
    message Enums {
      ${each(words, (name, index) => `enum ${name} { ${name}_ZERO = 0; ${name}_ONE = ${index + 1}; }`)}
      ${each(words, (name, index) => `${optional}Enums.${name} e${index} = ${index + 1};`)}
    }
    service Methods { ${each(distinct, (name) => `rpc ${name}(words.Fields) returns (stream words.Enums);`)} }
    ${each(distinct, (name) => `service Of_${name} { rpc ${name}(Fields) returns (Fields); }`)}`;
}

const limits = { allLongs: true, allTimes: false, unknownInAny: true, listExtensions: true };

/** Compares some messages of each type with protobuf-es. */
async function compareAll(suite: Suite, options: string, times: number): Promise<Generated> {
  const generated = await suite.load(options);
  for (const schema of suite.types) {
    const comparison = new Comparison(suite.registry, schema, generated);
    for (let seed = 0; seed < times; seed++) {
      comparison.compare(new MessageMaker(new Random(seed), { ...limits, registry: suite.registry }));
    }
  }
  return generated;
}

// Each word once: what becomes of a name depends on neither the syntax nor the options.
const half = Math.ceil(allWords.length / 2);

describe("contracts with every word for a name of everything", () => {
  test.each([
    ["proto2", "", allWords.slice(0, half)],
    ["proto3", "int64=string,oneof=properties,map=object,timestamp=message", allWords.slice(half)],
  ] as const)("of %s are as with protobuf-es: %p", async (syntax, options, words) => {
    using suite = compileContracts({ "words.proto": contract(syntax, words) }, [options]);
    const { types, modules } = await compareAll(suite, options, 1);

    // JSON has the names of the contract.
    const values = suite.registry.getEnum("words.Values.Q9")!.values;
    const valuesType = types.get("words.Values")!;
    const some9 = valuesType.fromPartial({ some9: values.map(({ number }) => number) });
    expect(valuesType.toJSON(some9)).toEqual({ some9: values.map(({ name }) => name) });

    const { fields } = suite.registry.getMessage("words.Fields")!;
    const json = Object.fromEntries(fields.map(({ jsonName, name }) => [jsonName, name]));
    const fieldsType = types.get("words.Fields")!;
    expect(fieldsType.toJSON(fieldsType.fromJSON(json))).toEqual(json);

    const { methods } = modules.get("words.ts")!["MethodsDefinition"] as unknown as {
      methods: Record<string, { name: string }>;
    };
    expect(Object.values(methods).map(({ name }) => name)).toEqual(distinctOf(words));
  });
});

/** Fields that are others in the contract, and the same in TypeScript. */
const alike = `syntax = "proto2"; package alike;
  message Fields {
    optional int32 foo_bar = 1;
    optional int32 fooBar = 2 [json_name = "second"];
    optional int32 foo__bar = 3 [json_name = "third"];
    optional int32 FOO_BAR = 4 [json_name = "fourth"];
    optional int32 fooBar_2 = 9;
    oneof a_b { int32 x = 5; }
    optional string aB = 6;
    oneof y {
      string y_1 = 7 [json_name = "yOne"];
      string y1 = 8;
    }
  }`;

/** Types, constants, extensions and files whose names would meet. */
const clashes = {
  "clashes.proto": `syntax = "proto2"; package clashes;
    message A {
      optional int32 a = 1 [default = 3];
      message B_C { optional int32 b = 1 [default = 4]; }
      optional B_C b_c = 2;
    }
    message ADefaults { optional int32 a = 1 [default = 5]; }
    message A_B { optional int32 a = 1; message C { optional int32 b = 1; } optional C c = 2; }
    message A_B_C { optional int32 a = 1; }
    message SDefinition { optional int32 a = 1; }
    service S { rpc Do(A) returns (SDefinition); rpc do_it(A) returns (A); rpc doIt(A) returns (A); }
    enum E { E_ONE = 1; }
    message E_ { optional E e = 1; }
    message e { optional e e = 1; }
    message Extended {
      extensions 100 to 999;
      extend Extended { optional string inside = 400; optional string class = 401; }
    }
    message Inside { extend Extended { optional string class = 410; repeated string extended = 411; } }
    message in_scope { extend Extended { optional int32 S = 420; } }
    message in_scope_S { optional int32 a = 1; }
    extend Extended { ${allWords.map((name, index) => `optional string ${name} = ${index + 100};`).join(" ")} }`,
  "import/word.proto": `syntax = "proto3"; package import;
    message import { string import = 1; }
    enum default { delete = 0; }`,
  "delete/new.proto": `syntax = "proto3"; package delete.new; import "import/word.proto";
    message new { import.import import = 1; import.default default = 2; }
    service delete { rpc new(.delete.new.new) returns (import.import); }`,
  "google.proto": `syntax = "proto3"; package google2; import "google/protobuf/timestamp.proto";
    message Timestamp { google.protobuf.Timestamp timestamp = 1; }
    message Date { Timestamp date = 1; repeated google.protobuf.Timestamp dates = 2; }`,
  "a/same.proto": 'syntax = "proto3"; package a; message Same { int32 a = 1; } enum Kind { KIND_A = 0; }',
  "b/same.proto": `syntax = "proto3"; package b; import "a/same.proto";
    message Same { a.Same b = 1; a.Kind kind = 2; Kind own = 3; }
    enum Kind { KIND_B = 0; }`,
  "none.proto": `syntax = "proto3"; import "delete/new.proto"; import "a/same.proto"; import "b/same.proto";
    message Same {
      a.Same a = 1; b.Same b = 2; delete.new.new c = 3; map<string, a.Same> d = 4;
      oneof o { b.Same e = 5; Same f = 6; }
    }`,
  "a/far.proto": `syntax = "proto3"; package a;
    message Far { int32 a = 1; } message Far1 { int32 a = 1; } message Far4 { int32 a = 1; } message NearDefaults { int32 a = 1; }
    message Reader { int32 a = 1; } message Writer { int32 a = 1; } message MessageType { int32 a = 1; } message messageType {}
    enum int32_kind { NIL = 0; } message ext { int32 a = 1; }`,
  "b/far.proto": `syntax = "proto3"; package b;
    message Far { int32 b = 1; } message Far1 { int32 b = 1; } message Reader { int32 b = 1; }`,
  "c/far.proto": `syntax = "proto2"; package c; import "a/far.proto"; import "b/far.proto";
    message Near {
      optional a.Far a = 1; optional b.Far b = 2; optional a.Far1 a1 = 3; optional b.Far1 b1 = 4; optional Far own = 5;
      optional a.Reader ar = 6; repeated b.Reader br = 7; map<string, a.Writer> w = 8; optional a.MessageType t = 9;
      optional a.messageType u = 10; optional a.int32_kind k = 11; optional a.NearDefaults d = 12; optional Far3 own3 = 13;
      optional int32 number = 14 [default = 5]; optional a.ext e = 15; optional a.Far4 a4 = 16; extensions 100;
    }
    extend Near { optional int32 ext = 100; }
    message Far { optional int32 c = 1; } message Far1 { optional int32 c = 1; }
    message Far2 { optional int32 c = 1; } message Far3 { optional int32 c = 1; } message Reader1 { optional int32 c = 1; }`,
  "under/scores.proto": `syntax = "proto2"; package _;
    message _ { optional int32 _ = 1; optional string _unknownFields = 3; extensions 100 to 200; }
    extend _ { optional int32 _x = 101; optional int32 _10 = 102; optional int32 ____ = 104; }
    message __ { message _ { optional int32 x = 1; } message __ { optional int32 y = 1; } optional _ a = 1; optional __ b = 2; }
    message _1 { optional _2 two = 1; optional int32 _3 = 2 [default = 4]; repeated _2e _4 = 3; }
    message _2 { optional _2e e = 1; }
    enum _2e { _2e0 = 0; } enum ___ { _z = 0; _11 = 1; }
    message Fields { optional ___ _x = 1; map<string, ._._> ____ = 4; optional ._._ _1 = 5; }
    message Oneofs { oneof _ { int32 _1 = 1; int32 __ = 2; } oneof _1a { string a = 3; string b = 4; } }
    service _s { rpc _(._._) returns (._.__); rpc __(._._) returns (._.__); }`,
  "under/uses.proto": `syntax = "proto3"; package uses; import "under/scores.proto";
    message Uses { ._._ x = 1; ._.__ y = 2; ._._1 z = 3; }`,
  "index/index.proto": 'syntax = "proto3"; package index; message index { string index = 1; }',
  "with-dash/1.2.x.proto": 'syntax = "proto3"; package with_dash; message X { string x = 1; }',
};

describe("contracts whose names clash", () => {
  test.each(["", "int64=string,oneof=properties,map=object,timestamp=message"])(
    "are as with protobuf-es: %p",
    async (options) => {
      using suite = compileContracts(clashes, [options]);
      await compareAll(suite, options, 5);
    },
  );

  test("by a package that is called as a property of every object", async () => {
    const packages = ["constructor.valueOf", "__proto__", "toString", "a.hasOwnProperty.__proto__"];
    const contracts = packages.map((name, index) => [
      `p${index}.proto`,
      `syntax = "proto3"; package ${name}; message constructor { .${name}.constructor x = 1; } service toString {}`,
    ]);
    using suite = compileContracts(Object.fromEntries(contracts), [""]);
    const { modules } = await compareAll(suite, "", 2);
    const root = modules.get("index.ts")!;
    expect(Object.keys(root).toSorted()).toEqual(["__proto__", "a", "constructor", "toString"]);
    expect(modules.get("index.__proto__.ts")).toBe(root["__proto__"]);
    expect(root["constructor"]).toHaveProperty(["valueOf", "constructor"]);
  });

  test("by the names of the parts of a function for very many fields", async () => {
    const fields = Array.from({ length: 500 }, (_, index) => `part${index % 2} f${index} = ${index + 1};`);
    const contracts = {
      "parts.proto": `syntax = "proto3"; package parts; message part0 { int32 a = 1; } enum part1 { NIL = 0; } message All { ${fields.join(" ")} }`,
    };
    using suite = compileContracts(contracts, [""]);
    await compareAll(suite, "", 1);
  });

  test("by an ending within a path, or a path without one", async () => {
    const files = describeContracts({
      "my.protocol/x.proto": 'syntax = "proto3"; package x; message X { E e = 1; } enum E { Z = 0; }',
      "v1.proto/y.proto": `syntax = "proto3"; package y; import "my.protocol/x.proto"; message Y { x.X x = 1; }`,
      "x.tsv/a@1/b.js.proto": `syntax = "proto3"; package b; import "v1.proto/y.proto"; message B { y.Y y = 1; B b = 2; }`,
      ".dots/.g.proto": `syntax = "proto3"; package dots; import "x.js.proto"; message D { b.C c = 1; }`,
      ".dots/e/f.proto": `syntax = "proto3"; package dots; import ".dots/.g.proto"; message F { D d = 1; }`,
      "dots.proto": `syntax = "proto3"; package dots; import ".dots/e/f.proto"; message G { F f = 1; }`,
      "x.js.proto": `syntax = "proto3"; package b; import "x.tsv/a@1/b.js.proto"; message C { B b = 1; }`,
      "z.proto.proto": `syntax = "proto3"; package z; import "v1.proto/y.proto"; message Z { y.Y y = 1; }`,
    });
    // protoc takes a file of any name; a module never takes its place.
    const z = files.find(({ name }) => name === "z.proto.proto")!;
    const odd = { ...z, name: "odd.txt", package: "odd" };
    using suite = compileFiles([...files, odd], [""]);
    const { modules } = await compareAll(suite, "", 2);
    const paths = [...modules.keys()].filter((path) => !path.startsWith("index."));
    expect(paths.toSorted()).toEqual([
      ".dots/.g.ts",
      ".dots/e/f.ts",
      "dots.ts",
      "my.protocol/x.ts",
      "odd.txt.ts",
      "v1.proto/y.ts",
      "x.js.ts",
      "x.tsv/a@1/b.js.ts",
      "z.proto.ts",
    ]);
  });

  // protobuf-es has one property for such fields.
  test.each(["", "oneof=properties"])(
    "have a property each, and their names in JSON: %p",
    async (options) => {
      using suite = compileContracts({ "alike.proto": alike }, [options]);
      const type = (await suite.load(options)).types.get("alike.Fields")!;
      for (const y of [{ yOne: "a" }, { y1: "b" }]) {
        const json = { fooBar: 1, second: 2, third: 3, fourth: 4, fooBar2: 9, x: 5, aB: "6", ...y };
        const bytes = type.encode(type.fromJSON(json)).finish();
        expect(type.toJSON(type.decode(bytes))).toEqual(json);
        expect(type.toJSON(type.fromPartial(type.decode(bytes)))).toEqual(json);
        expect(Buffer.from(bytes.subarray(0, 10)).toString("hex")).toBe("08011002180320042805");
      }
    },
  );

  test.each(["", "import_suffix=none,int64=string"])(
    "have one of them in the index of a package: %p",
    async (options) => {
      const files = describeContracts({
        "p/a.proto":
          'syntax = "proto3"; package p; message foo_bar { int32 a = 1; } enum some_kind { NIL = 0; }',
        "p/b.proto": `syntax = "proto3"; package p; import "p/a.proto";
          message fooBar { foo_bar a = 1; some_kind k = 2; } message someKind { int32 a = 1; } message SDefinition { int32 a = 1; }`,
        "p/c.proto": `syntax = "proto2"; package p; service S {} message D { optional int32 a = 1 [default = 4]; extensions 100 to 200; }`,
        "p/d.proto": `syntax = "proto2"; package p; import "p/c.proto";
          message DDefaults { optional int32 a = 1; } extend D { optional int32 d_ext = 100; } message x { extend D { optional int32 y_ = 102; } }`,
        "p/e.proto": `syntax = "proto2"; package p; import "p/c.proto";
          message dExt { optional int32 a = 1; } message x_ { message y_ { optional int32 a = 1; } }`,
      });
      const modules = generateModules(files, options);
      using compiled = compile(modules, { moduleResolution: "bundler", module: "preserve", noEmit: false });
      if (options !== "") return;
      const index = await compiled.load("index.p.ts");
      for (const [name, path] of [
        ["fooBar", "p/a.ts"],
        ["someKind", "p/a.ts"],
        ["SDefinition", "p/b.ts"],
        ["DDefaults", "p/c.ts"],
        ["dExt", "p/d.ts"],
      ] as const) {
        expect({ name, value: index[name] }).toEqual({ name, value: (await compiled.load(path))[name] });
        expect(index[name]).toBeDefined();
      }
    },
  );

  test("are refused if a contract has the module of an index", () => {
    const files = describeContracts({ "index.proto": 'syntax = "proto3"; message M {}' });
    expect(() => generateModules(files)).toThrow("index.ts is made of a contract and besides");
    expect([...generateModules(files, "index=false").keys()]).toEqual(["index.ts"]);
    const set = describeContracts({ "descriptor-set.proto": 'syntax = "proto3"; message M {}' });
    expect(() => generateModules(set, "descriptors")).toThrow("or leave out the option descriptors");
  });

  test.each(["a%20b.proto", "a#b/c.proto", "a?.proto"])(
    "are refused in a path that is none of a URL: %s",
    (path) => {
      const files = describeContracts({ [path]: 'syntax = "proto3"; message M {}' });
      expect(() => generateModules(files)).toThrow(
        `${path}: no module can be imported by a path with %, # or ?`,
      );
    },
  );

  test.each(["a.d.proto", "b/a.d.v1.proto"])("are refused in a path of declarations: %s", (path) => {
    const files = describeContracts({ [path]: 'syntax = "proto3"; message M {}' });
    expect(() => generateModules(files)).toThrow(`${path}: TypeScript takes a module with ".d." in its name`);
  });

  test("are refused if two methods of a service are one", () => {
    const text =
      'syntax = "proto3"; message M {} service S { rpc Do(M) returns (M); rpc do(M) returns (M); }';
    expect(() => generateModules(describeContracts({ "s.proto": text }))).toThrow(
      "s.proto: the methods Do and do of S are both do in TypeScript: rename one of them",
    );
  });
});
