import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, file_google_protobuf_descriptor } from "@bufbuild/protobuf/wkt";
import { descriptorSet } from "@callwire/contracts/descriptor-set";
import { expect, test } from "@jest/globals";
import { readDescriptorSet } from "./descriptor-files.js";

test("every symbol is found that a protobuf library finds", () => {
  const files = new Map(readDescriptorSet(descriptorSet).map((file) => [file.name, file]));
  const types = Array.from(createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet)));
  expect(types.length).toBeGreaterThan(30);
  for (const type of types) {
    const file = files.get(`${type.file.name}.proto`);
    expect(file?.symbols).toContain(type.typeName);
    if (type.kind === "message") {
      expect(file?.messages).toContain(type.typeName);
      for (const { name } of [...type.fields, ...type.oneofs])
        expect(file?.symbols).toContain(`${type.typeName}.${name}`);
    }
    if (type.kind === "service")
      for (const { name } of type.methods) expect(file?.symbols).toContain(`${type.typeName}.${name}`);
  }
});

test("extensions are found, in a file and in a message, in a file without a package", () => {
  const extension = (name: string, number: number) => ({
    name,
    extendee: ".google.protobuf.FileOptions",
    number,
  });
  const descriptor = file_google_protobuf_descriptor.proto;
  const set = create(FileDescriptorSetSchema, {
    file: [
      descriptor,
      {
        name: "mine.proto",
        dependency: [descriptor.name],
        messageType: [{ name: "Holder", extension: [extension("inner", 50_001)] }],
        enumType: [{ name: "Kind", value: [{ name: "KIND_NONE", number: 0 }] }],
        extension: [extension("outer", 50_002)],
      },
    ],
  });
  const [, mine] = readDescriptorSet(toBinary(FileDescriptorSetSchema, set));
  expect(mine).toMatchObject({
    name: "mine.proto",
    imports: ["google/protobuf/descriptor.proto"],
    symbols: ["Holder", "Holder.inner", "Kind", "Kind.KIND_NONE", "KIND_NONE", "outer"],
    messages: ["Holder"],
  });
  expect(mine?.extensions.toSorted((a, b) => a.number - b.number)).toEqual([
    { extendee: "google.protobuf.FileOptions", number: 50_001 },
    { extendee: "google.protobuf.FileOptions", number: 50_002 },
  ]);
});

test.each([
  ["text", Buffer.from("not a descriptor set")],
  ["a set cut short", descriptorSet.subarray(0, -3)],
])("%s is refused", (_name, bytes) => {
  expect(() => readDescriptorSet(bytes)).toThrow();
});
