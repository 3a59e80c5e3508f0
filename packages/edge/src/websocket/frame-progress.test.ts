import { expect, test } from "@jest/globals";
import { FrameProgress } from "./frame-progress.js";

/** A frame as a client sends it. */
function frame(length: number, opcode = 1, isFinal = true): Buffer {
  const head = Buffer.alloc(10);
  head[0] = opcode | (isFinal ? 0x80 : 0);
  const [form, headLength] = length < 126 ? [length, 2] : length < 65_536 ? [126, 4] : [127, 10];
  head[1] = form | 0x80;
  if (form === 126) head.writeUInt16BE(length, 2);
  if (form === 127) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head.subarray(0, headLength), Buffer.from("mask"), Buffer.alloc(length)]);
}

test.each([
  ["at once", Infinity],
  ["byte by byte", 1],
  ["in parts of 7 bytes", 7],
])("what is not whole is counted, of frames that come %s", (_, size) => {
  const progress = new FrameProgress();
  const take = (bytes: Buffer): [messages: number, unfinished: number] => {
    let messages = 0;
    for (let at = 0; at < bytes.length; at += size)
      messages += Number(progress.take(bytes.subarray(at, Math.min(at + size, bytes.length))));
    return [messages, progress.unfinished];
  };
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) expect(take(frame(length))).toEqual([1, 0]);
  const [first, ping, next, last] = [frame(1, 1, false), frame(5, 9), frame(200, 0, false), frame(0, 0)];
  expect(take(first)).toEqual([0, 7]);
  expect(take(ping)).toEqual([0, 7]);
  expect(take(next.subarray(0, 150))).toEqual([0, 157]);
  expect(take(next.subarray(150))).toEqual([0, 7 + next.length]);
  expect(take(last)).toEqual([1, 0]);
  expect(take(ping.subarray(0, 3))).toEqual([0, 3]);
});
