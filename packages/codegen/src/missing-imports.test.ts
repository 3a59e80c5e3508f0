import { create } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { generate } from "./plugin.js";
import { describeContracts } from "./testing/generate-and-compile.js";

const protoFile = describeContracts({
  "a/v1/a.proto": `syntax = "proto3"; package a.v1; import "b/v1/b.proto"; import "google/protobuf/timestamp.proto";
    message A { b.v1.B b = 1; google.protobuf.Timestamp at = 2; }`,
  "b/v1/b.proto": 'syntax = "proto3"; package b.v1; message B {}',
});

/** The warnings of a run that makes these files alone. */
function warningsOf(fileToGenerate: string[], parameter = ""): string[] {
  const warnings: string[] = [];
  const request = create(CodeGeneratorRequestSchema, { protoFile, fileToGenerate, parameter });
  expect(generate(request, (line) => warnings.push(line)).error).toBe("");
  return warnings;
}

const own = ["a/v1/a.proto", "b/v1/b.proto"];
const withoutImports = (made: string, missing: string) => [
  `warning: ${made} imports ${missing}.ts, which this run does not make. With buf, set 'strategy: all', ` +
    `'include_imports: true' and 'include_wkt: true' in buf.gen.yaml; with protoc, name ${missing}.proto too`,
];

test.each([
  ["of all files", [...own, "google/protobuf/timestamp.proto"], "timestamp=message", []],
  ["without a file that no module imports", own, "", []],
  ["without a file", ["a/v1/a.proto"], "import_suffix=none", withoutImports("a/v1/a.ts", "b/v1/b")],
  ["without google's", own, "timestamp=message", withoutImports("a/v1/a.ts", "google/protobuf/timestamp")],
])("a run %s warns of what is missing", (_what, files, parameter, warnings) => {
  expect(warningsOf(files, parameter)).toEqual(warnings);
});
