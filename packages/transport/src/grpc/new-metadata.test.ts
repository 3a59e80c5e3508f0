import { Metadata as GrpcJsMetadata } from "@grpc/grpc-js";
import { expect, test } from "@jest/globals";
import { Metadata as NiceMetadata, type MetadataInit } from "nice-grpc-common";
import { givenMetadata, Metadata } from "./new-metadata.js";

const inits: [string, MetadataInit | undefined][] = [
  ["nothing", undefined],
  [
    "an object",
    {
      "X-A": "1",
      b: ["2", "3"],
      "c-bin": Uint8Array.of(4),
      d: [],
      "e-bin": [Uint8Array.of(5), Uint8Array.of(6)],
    },
  ],
  [
    "an iterable",
    new Map([
      ["x-a", "1"],
      ["X-A", "2"],
    ]),
  ],
  ["metadata", Metadata({ a: "1" }).append("a", "2")],
  ["nice-grpc's metadata", NiceMetadata({ a: "1" }).append("b-bin", Uint8Array.of(7))],
];

test.each(inits)("of %s is as nice-grpc's", (_, init) => {
  expect([...Metadata(init)]).toEqual([...NiceMetadata(init)]);
  expect([...new Metadata(init)]).toEqual([...new NiceMetadata(init)]);
});

const faults: [string, Record<string, unknown>][] = [
  ["a name", { "a b": "1" }],
  ["a value", { a: "\n" }],
  ["text that should be bytes", { "a-bin": "1" }],
  ["bytes that should be text", { a: Uint8Array.of(1) }],
  ["no value", { a: undefined }],
];

test.each(faults)("fails as nice-grpc's for %s", (_, fault) => {
  const init = fault as MetadataInit;
  let expected: Error | undefined;
  try {
    NiceMetadata(init);
  } catch (error) {
    expected = error as Error;
  }
  expect(expected).toBeInstanceOf(Error);
  expect(() => Metadata(init)).toThrow(expected);
});

test.each<[string, unknown]>([
  ["a promise, which was not awaited", Promise.resolve({ a: "1" })],
  ["an object (Date)", new Date(0)],
  ["a number", 5],
  ["a text", "authorization: Bearer t"],
  ["null", null],
  ["a function", () => ({})],
])("no metadata is made of %s", (shown, given) => {
  expect(() => givenMetadata(given as MetadataInit)).toThrow(`metadata is ${shown}: it must be metadata`);
});

test("what has getAll and is no metadata is read as a list of pairs", () => {
  const metadata = givenMetadata(new URLSearchParams("k=a"))!;
  expect([metadata.get("k"), metadata.get("none")]).toEqual(["a", undefined]);
});

test("metadata of grpc-js are refused with the way to take them", () => {
  const metadata = new GrpcJsMetadata();
  metadata.set("k", "a");
  const refused =
    "metadata is an object: it must be metadata, such as { key: 'value' }; that of @grpc/grpc-js";
  expect(() => givenMetadata(metadata as unknown as MetadataInit)).toThrow(refused);
  expect(givenMetadata(metadata.getMap() as MetadataInit)!.get("k")).toBe("a");
});
