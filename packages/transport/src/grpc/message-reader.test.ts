import { expect, test } from "@jest/globals";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { MessageReader } from "./message-reader.js";

function readAll(parts: readonly Buffer[]): { messages: Buffer[]; costs: number } {
  const reader = new MessageReader(1 << 24);
  const messages: Buffer[] = [];
  let costs = 0;
  for (const part of parts) {
    reader.read(part, 0, part.length, {
      onMessage(buffer, start, end, _compressed, cost) {
        messages.push(Buffer.from(buffer.subarray(start, end)));
        costs += cost;
      },
    });
  }
  expect(reader.isBetweenMessages).toBe(true);
  return { messages, costs };
}

test("messages come out however they are cut", () => {
  const lengths = [0, 1, 0, 4, 5, 300, 5000, 40_000, 2, 0];
  const sent = lengths.map((length, index) => Buffer.alloc(length, index + 1));
  const all = Buffer.concat(sent.map((message) => lengthPrefixed(message)));
  for (const size of [1, 2, 3, 4, 5, 6, 7, 100, 4095, 4096, 4097, 16_384, all.length]) {
    const parts: Buffer[] = [];
    for (let at = 0; at < all.length; at += size) parts.push(all.subarray(at, at + size));
    const { messages, costs } = readAll(parts);
    expect(messages.map((message) => message.length)).toEqual(lengths);
    expect(Buffer.concat(messages).equals(Buffer.concat(sent))).toBe(true);
    expect(costs).toBe(all.length);
  }
});

test("a sink may stop the reader behind a message, also one that came in parts", () => {
  const all = Buffer.concat(["a", "b", "c"].map((text) => lengthPrefixed(Buffer.from(text))));
  const reader = new MessageReader(100);
  const seen: string[] = [];
  const sink = {
    onMessage(buffer: Buffer, start: number, end: number) {
      seen.push(buffer.toString("latin1", start, end));
      return false;
    },
  };
  expect(reader.read(all, 0, 3, sink)).toBe(3);
  expect(reader.read(all, 3, all.length, sink)).toBe(6);
  expect(reader.read(all, 6, all.length, sink)).toBe(12);
  expect(seen).toEqual(["a", "b"]);
});

test("what a message claims takes no memory, only what has come of it", () => {
  const length = 4 << 20;
  const claim = lengthPrefixed(Buffer.alloc(length));
  const reader = new MessageReader(length);
  const seen: boolean[] = [];
  const sink = {
    onMessage: (buffer: Buffer, start: number, end: number) =>
      void seen.push(buffer.subarray(start, end).equals(claim.subarray(5))),
  };
  const before = process.memoryUsage().arrayBuffers;
  let come = 0;
  for (const until of [6, 1000, 20_000, 100_000, 1_000_000, claim.length]) {
    reader.read(claim, come, until, sink);
    come = until;
    if (until === claim.length) break;
    // Between two of them a collection may run, which only takes away.
    const held = process.memoryUsage().arrayBuffers - before;
    expect(held).toBeLessThan(2 * Math.max(4 * 1024, 8 * come));
  }
  expect(seen).toEqual([true]);
  expect(reader.isBetweenMessages).toBe(true);
});
