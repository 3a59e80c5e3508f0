import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { type RawFrame } from "../testing/raw-peer.js";
import { FrameReader } from "./frame-reader.js";

type Frame = Omit<RawFrame, "fields">;

function collect(): { reader: FrameReader; frames: Frame[] } {
  const frames: Frame[] = [];
  const reader = new FrameReader(
    {
      onFrame(type, flags, id, buffer, start, end) {
        frames.push({ type, flags, id, payload: Buffer.from(buffer.subarray(start, end)) });
        return type !== 7;
      },
    },
    20,
  );
  return { reader, frames };
}

const bytes = Buffer.concat([
  frame(4, 0, 0),
  frame(0, 1, 1, Buffer.from("a payload")),
  frame(6, 0xff, 0xffff_ffff, Buffer.from("12345678")),
  frame(0xfa, 0, 3, Buffer.alloc(20, 7)),
  frame(4, 1, 0),
]);

describe("FrameReader", () => {
  const whole = collect();
  whole.reader.read(bytes);

  test("reads frames, without the reserved bit", () => {
    expect(whole.frames.map(({ type }) => type)).toEqual([4, 0, 6, 0xfa, 4]);
    expect(whole.frames[2]).toMatchObject({ flags: 0xff, id: 0x7fff_ffff, payload: Buffer.from("12345678") });
  });
  test("reads the same wherever the bytes are cut, in two and in three", () => {
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        const { reader, frames } = collect();
        reader.read(bytes.subarray(0, first));
        reader.read(bytes.subarray(first, second));
        reader.read(bytes.subarray(second));
        // Jest compares thousands of them for seconds.
        if (!isDeepStrictEqual(frames, whole.frames)) expect(frames).toEqual(whole.frames);
      }
    }
  });
  test("reads byte by byte", () => {
    const { reader, frames } = collect();
    for (const byte of bytes) reader.read(Buffer.of(byte));
    expect(frames).toEqual(whole.frames);
  });
  test("does not wait for a payload that is too long", () => {
    const head = frame(0xfa, 0, 1, Buffer.alloc(21)).subarray(0, 9);
    for (let cut = 0; cut < 9; cut++) {
      const { reader } = collect();
      reader.read(head.subarray(0, cut));
      expect(() => reader.read(head.subarray(cut))).toThrow("a frame of 21 bytes, where 20 are allowed");
    }
  });
  test("stops when it is told to", () => {
    const { reader, frames } = collect();
    reader.read(Buffer.concat([frame(7, 0, 0), frame(6, 0, 0)]));
    expect(frames).toHaveLength(1);
  });
  test("waits for what should come at once, not for DATA", () => {
    const { reader } = collect();
    expect(reader.waitsForControl).toBe(false);
    reader.read(frame(0, 0, 1, Buffer.alloc(9)).subarray(0, 12));
    expect(reader.waitsForControl).toBe(false);
    reader.read(Buffer.concat([Buffer.alloc(6), frame(6, 0, 0, Buffer.alloc(8)).subarray(0, 3)]));
    expect(reader.waitsForControl).toBe(true);
  });
});
