import { expect, test } from "@jest/globals";
import { EveryField } from "../testing/gen/callwire/transport/testing/v1/every_field.js";
import { everyFieldSamples } from "../testing/protobuf-samples.js";
import { BinaryReader, BinaryWriter } from "./generated-code.js";
import { ProtobufError } from "./protobuf-error.js";

// What code does that was generated for this entry point: `new BinaryReader(bytes)` and `new BinaryWriter()`.

test("a writer that was given no buffer makes one, and another for what does not fit", () => {
  for (const message of everyFieldSamples()) {
    const writer = new BinaryWriter();
    EveryField.encode(message, writer as never);
    expect(writer.finish()).toEqual(Buffer.from(EveryField.encode(message).finish()));
  }
  for (const length of [0, 1, 1_000, 1_021, 1_022, 1_024, 70_000]) {
    const text = "x".repeat(length);
    const bytes = new BinaryWriter().uint32(10).string(text).finish();
    expect(new BinaryReader(bytes).uint32()).toBe(10);
    const reader = new BinaryReader(bytes);
    reader.uint32();
    expect(reader.string()).toBe(text);
  }
});

test("messages of several writers do not touch each other", () => {
  const written = Array.from({ length: 50 }, (_, i) => new BinaryWriter().uint32(8).uint32(i).finish());
  expect(written).toEqual(Array.from({ length: 50 }, (_, i) => Buffer.from([8, i])));
});

test("a reader of bytes reads them, strictly", () => {
  const [message] = everyFieldSamples();
  const bytes = new Uint8Array(EveryField.encode(message!).finish());
  expect(EveryField.decode(new BinaryReader(bytes) as never)).toEqual(message);
  expect(() => new BinaryReader(Uint8Array.of(0x00)).uint32()).toThrow(ProtobufError);
});
