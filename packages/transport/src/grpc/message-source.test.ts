import { gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { lengthPrefixed } from "@callwire/testkit/wire";
import * as fc from "fast-check";
import { ServerError, Status } from "nice-grpc-common";
import type { Http2Stream } from "../http2/stream.js";
import { MessageSource, type MessageReceiver } from "./message-source.js";

const MAX_BYTES = 1000;

/** A receiver whose reader takes messages when a test says so, on a stream that only counts. */
class Room implements MessageReceiver {
  readonly seen: string[] = [];
  readonly errors: unknown[] = [];
  /** What messages have cost, and for how much of the last one the peer had new credit before it was complete. */
  cost = 0;
  advanced = 0;
  ends = 0;
  /** The number of messages that wait for the reader, and how many may before no more are wanted. */
  waiting = 0;
  room = Infinity;
  /** The most bytes that may be kept of messages that were decompressed. */
  mayKeep = Infinity;
  readonly source: MessageSource;

  constructor(encoding: "gzip" | "identity" = "gzip", maxBytes = MAX_BYTES) {
    const connection = {
      advance: (_stream: unknown, _length: number, have: number) => void (this.advanced = have),
      keep: (_stream: unknown, bytes: number) => bytes <= this.mayKeep,
      consume: () => {},
    };
    const stream = { connection, closed: false } as unknown as Http2Stream;
    this.source = new MessageSource(stream, this, maxBytes, encoding);
  }

  get wantsMessage(): boolean {
    return this.waiting === 0;
  }

  onWholeMessage(buffer: Buffer, start: number, end: number, _compressed: boolean, cost: number): boolean {
    this.seen.push(buffer.toString("latin1", start, end));
    this.cost += cost;
    this.waiting++;
    return this.waiting < this.room;
  }

  onMessagesEnd(): void {
    this.ends++;
  }

  onReadFailed(error: unknown): void {
    this.errors.push(error);
    this.source.close();
  }

  /** The reader takes all that waits. */
  take(): void {
    this.waiting = 0;
    this.source.wanted();
  }
}

/** Waits until a decompression has come to its end, if there is one. */
async function settled(room: Room): Promise<void> {
  while (room.source.isBusy) await new Promise((resolve) => setImmediate(resolve));
}

test("messages come out in their order, however they are cut, compressed or not, and however they are taken", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ length: fc.nat(60), compressed: fc.boolean() }), { maxLength: 30 }),
      fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 5 }),
      async (shapes, cuts, room) => {
        const receiver = new Room();
        receiver.room = room;
        const sent = shapes.map(({ length }, i) => String.fromCharCode(97 + (i % 26)).repeat(length));
        const all = Buffer.concat(
          sent.map((text, i) => {
            const bytes = Buffer.from(text);
            return shapes[i]!.compressed
              ? lengthPrefixed(gzipSync(bytes), { flag: 1 })
              : lengthPrefixed(bytes);
          }),
        );
        for (let at = 0, i = 0; at < all.length; i++) {
          const end = Math.min(at + cuts[i % cuts.length]!, all.length);
          receiver.source.read(all, at, end);
          // No more than were wanted, and one that was decompressed.
          expect(receiver.waiting).toBeLessThanOrEqual(room + 1);
          if (i % 3 === 0) receiver.take();
          at = end;
        }
        receiver.source.end();
        while (receiver.ends + receiver.errors.length === 0) {
          // oxlint-disable-next-line no-await-in-loop
          await settled(receiver);
          receiver.take();
        }
        expect(receiver.errors).toEqual([]);
        expect(receiver.seen).toEqual(sent);
        expect(receiver.cost).toBe(all.length);
        expect([receiver.ends, receiver.source.isBetweenMessages]).toEqual([1, true]);
      },
    ),
    { numRuns: 200 },
  );
});

describe("what is held back", () => {
  test("is read when it is wanted, and the end comes behind it", () => {
    const room = new Room();
    room.room = 2;
    const all = Buffer.concat(["a", "b", "c", "d", "e"].map((text) => lengthPrefixed(Buffer.from(text))));
    room.source.read(all, 0, all.length);
    room.source.end();
    expect([room.seen, room.ends]).toEqual([["a", "b"], 0]);
    room.take();
    expect([room.seen, room.ends]).toEqual([["a", "b", "c", "d"], 0]);
    room.take();
    expect([room.seen, room.ends]).toEqual([["a", "b", "c", "d", "e"], 1]);
  });

  test("waits for `start` after `hold`, wanted or not", () => {
    const room = new Room();
    room.source.hold();
    const message = lengthPrefixed(Buffer.from("a"));
    room.source.read(message, 0, message.length);
    room.source.end();
    room.take();
    expect([room.seen, room.ends]).toEqual([[], 0]);
    room.source.start();
    expect([room.seen, room.ends]).toEqual([["a"], 1]);
  });

  test("is a copy of what was borrowed, and nobody's after `close`", () => {
    const room = new Room();
    room.room = 1;
    const all = Buffer.concat(["a", "b"].map((text) => lengthPrefixed(Buffer.from(text))));
    room.source.read(all, 0, all.length);
    room.source.close();
    room.take();
    room.source.end();
    expect([room.seen, room.ends]).toEqual([["a"], 0]);
  });
});

test("a message that has begun gets credit for what of it has come, once it is wanted", () => {
  const room = new Room();
  room.waiting = 1;
  room.source.read(lengthPrefixed(Buffer.from("abc")), 0, 6);
  expect(room.advanced).toBe(0);
  room.take();
  expect(room.advanced).toBe(6);
});

test("a message may be as long as it likes, if that is not limited", async () => {
  const room = new Room("gzip", Infinity);
  const message = lengthPrefixed(gzipSync(Buffer.alloc(5_000_000, 97)), { flag: 1 });
  room.source.read(message, 0, message.length);
  await settled(room);
  expect(room.errors).toEqual([]);
  expect(room.seen.map(({ length }) => length)).toEqual([5_000_000]);
});

test("one for which there is no room once it is decompressed ends its call", async () => {
  const room = new Room();
  room.mayKeep = 100;
  for (const length of [100, 101]) {
    const message = lengthPrefixed(gzipSync(Buffer.alloc(length)), { flag: 1 });
    room.source.read(message, 0, message.length);
    await settled(room);
    room.take();
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(room.seen).toHaveLength(1);
  expect(room.errors).toMatchObject([{ code: Status.RESOURCE_EXHAUSTED }]);
});

describe("what cannot be read", () => {
  test.each<[string, Buffer, Status]>([
    ["unknown flags", Buffer.from([2, 0, 0, 0, 0]), Status.INTERNAL],
    ["a message that is too long", lengthPrefixed(Buffer.alloc(MAX_BYTES + 1)), Status.RESOURCE_EXHAUSTED],
    [
      "one that is, decompressed",
      lengthPrefixed(gzipSync(Buffer.alloc(2000)), { flag: 1 }),
      Status.RESOURCE_EXHAUSTED,
    ],
    ["what is not gzip", lengthPrefixed(Buffer.from("no"), { flag: 1 }), Status.INTERNAL],
  ])("%s", async (_, bytes, code) => {
    const room = new Room();
    room.source.read(bytes, 0, bytes.length);
    await settled(room);
    await new Promise((resolve) => setImmediate(resolve));
    expect(room.errors).toHaveLength(1);
    expect(room.errors[0]).toBeInstanceOf(ServerError);
    expect((room.errors[0] as ServerError).code).toBe(code);
    room.source.end();
    expect(room.ends).toBe(0);
  });

  test("a compressed message without an encoding", () => {
    const room = new Room("identity");
    const message = lengthPrefixed(gzipSync("a"), { flag: 1 });
    room.source.read(message, 0, message.length);
    expect(room.errors).toMatchObject([{ code: Status.INTERNAL }]);
  });

  test("an error of the receiver reaches the receiver, and nobody else", () => {
    const room = new Room();
    const thrown = new Error("mine");
    room.onWholeMessage = () => {
      throw thrown;
    };
    const message = lengthPrefixed(Buffer.from("a"));
    room.source.read(message, 0, message.length);
    expect(room.errors).toEqual([thrown]);
  });

  test("a stream that ends inside a message says so", () => {
    const room = new Room();
    room.source.read(lengthPrefixed(Buffer.from("abc")), 0, 6);
    room.source.end();
    expect([room.ends, room.source.isBetweenMessages]).toEqual([1, false]);
  });
});
