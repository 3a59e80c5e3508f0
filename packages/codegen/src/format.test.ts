import { create } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "@jest/globals";
import { generateModules } from "./testing/generate-and-compile.js";

const file = create(FileDescriptorProtoSchema, {
  name: "a.proto",
  package: "p",
  syntax: "proto3",
  messageType: [{ name: "M" }],
});

test("every module is checked, unless ts_nocheck says otherwise", () => {
  const modules = [...generateModules([file], "ts_nocheck")];
  expect(modules.map(([path]) => path)).toEqual(["a.ts", "index.ts", "index.p.ts"]);
  for (const [, text] of modules) expect(text).toMatch(/^(?:\/[/*].*\n|\n)*\/\/ @ts-nocheck\n/);
  for (const [, text] of generateModules([file])) expect(text).not.toContain("@ts-nocheck");
});
