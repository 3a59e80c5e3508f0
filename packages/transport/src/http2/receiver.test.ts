import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { BdpEstimator } from "./bdp-estimator.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";
import { Http2Stream } from "./stream.js";
import { TokenBucket } from "./token-bucket.js";

class TestStream extends Http2Stream {
  onHeaders(): void {}
  onData(): void {}
  onAborted(): void {}
  onRoomForMessage(): void {}
  onDrained(): void {}
}

/** Counts the credit that is given back, by stream. */
class CountingSender extends Sender {
  readonly credit = new Map<number, number>();

  constructor() {
    super(new PassThrough() as unknown as Socket, { size: 1 }, () => {});
  }

  override windowUpdate(streamId: number, increment: number): void {
    this.credit.set(streamId, (this.credit.get(streamId) ?? 0) + increment);
  }
}

const options = {
  streamWindow: 70_000,
  maxStreamWindow: 70_000,
  connectionWindow: 100_000,
  maxUnreadBytes: 150_000,
};

describe("Receiver", () => {
  test("never loses credit, whatever is read and closed in whatever order", () => {
    const step = fc.record({
      stream: fc.nat(3),
      act: fc.constantFrom("receive", "receive", "consume", "close"),
      bytes: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const sender = new CountingSender();
        const receiver = new Receiver(sender, options);
        const streams = [1, 3, 5, 7].map((id) => {
          const stream = new TestStream();
          stream.id = id;
          receiver.open(stream, true);
          return stream;
        });
        let window = 100_000;
        const settle = (): void => {
          window += sender.credit.get(0) ?? 0;
          sender.credit.delete(0);
        };
        const close = (stream: TestStream): void => {
          stream.closed = true;
          receiver.forget(stream);
        };
        for (const { stream: index, act, bytes } of steps) {
          const stream = streams[index]!;
          if (act === "receive" && !stream.closed && bytes <= Math.min(window, stream.receiveWindow)) {
            receiver.receivedOnConnection(bytes);
            expect(receiver.receivedOnStream(stream, bytes)).toBe(true);
            window -= bytes;
          } else if (act === "consume") receiver.consume(stream, Math.min(bytes, stream.unread));
          else if (act === "close") close(stream);
          settle();
        }
        for (const stream of streams) {
          // A reader that comes too late gives nothing back twice.
          close(stream);
          receiver.consume(stream, 1000);
        }
        settle();
        // All is given back, but for what is not worth a frame yet.
        expect(window).toBeGreaterThan(50_000);
        expect(window).toBeLessThanOrEqual(100_000);
      }),
    );
  });

  test("too much that is unread shuts the connection's window", () => {
    const sender = new CountingSender();
    const receiver = new Receiver(sender, { ...options, maxUnreadBytes: 50_000 });
    const streams = [1, 3, 5].map((id) => Object.assign(new TestStream(), { id }));
    for (const stream of streams.slice(0, 2)) {
      receiver.open(stream, true);
      receiver.receivedOnConnection(50_000);
      receiver.receivedOnStream(stream, 50_000);
    }
    expect(sender.credit.get(0)).toBe(50_000);
    expect(() => receiver.receivedOnConnection(50_001)).toThrow("over the connection's window");
  });
});

describe("long messages", () => {
  function receiver(): Receiver {
    return new Receiver(new CountingSender(), options);
  }

  test("have room together, and then in turn", () => {
    const flow = receiver();
    const streams = Array.from({ length: 4 }, () => new TestStream());
    const told: number[] = [];
    streams.forEach((stream, index) => {
      stream.onRoomForMessage = () => {
        told.push(index);
        flow.reserve(stream, 70_000);
      };
    });
    expect(streams.map((stream) => flow.reserve(stream, 70_000))).toEqual([true, true, false, false]);
    // Asking again changes nothing.
    expect(flow.reserve(streams[0]!, 70_000)).toBe(true);
    flow.release(streams[1]!);
    expect(told).toEqual([2]);
    // One that is closed waits no more, and leaves its room.
    flow.forget(streams[0]!);
    flow.forget(streams[3]!);
    expect(told).toEqual([2, 3]);
    flow.release(streams[2]!);
    expect(told).toEqual([2, 3]);
  });

  test("one alone has room, however long it is", () => {
    const flow = receiver();
    const [first, second] = [new TestStream(), new TestStream()];
    expect(flow.reserve(first, 1_000_000)).toBe(true);
    expect(flow.reserve(second, 1)).toBe(false);
  });
});

describe("BdpEstimator", () => {
  test("doubles the window while that brings bandwidth, up to the largest", () => {
    let now = 0;
    const bdp = new BdpEstimator(1000, 3000, () => now);
    expect(bdp.received(500, 500)).toBe(false);
    expect(bdp.received(100, 600)).toBe(true);
    // The rest of the window: no more can come before the answer.
    expect(bdp.received(400, 1000)).toBe(false);
    now = 10;
    expect(bdp.answered()).toBe(true);
    expect(bdp.window).toBe(2000);
    expect(bdp.received(1800, 1800)).toBe(true);
    now = 20;
    expect(bdp.answered()).toBe(true);
    expect(bdp.window).toBe(3000);
    expect(bdp.received(3000, 3000)).toBe(false);
  });

  test("one slow round trip does not pass for less bandwidth", () => {
    let now = 0;
    const bdp = new BdpEstimator(1000, 1_000_000, () => now);
    const fill = (roundTripMs: number): boolean => {
      expect(bdp.received(bdp.window, bdp.window)).toBe(true);
      now += roundTripMs;
      return bdp.answered();
    };
    expect([10, 10, 10, 25].map(fill)).toEqual([true, true, true, true]);
    // More comes in only because it waits somewhere: that is no bandwidth.
    expect(fill(1000)).toBe(false);
  });

  test("does not grow for answers that were not asked for, or without need, and then pauses", () => {
    let now = 0;
    const bdp = new BdpEstimator(1000, 3000, () => now);
    expect(bdp.answered()).toBe(false);
    expect(bdp.received(600, 600)).toBe(true);
    expect(bdp.answered()).toBe(false);
    expect(bdp.window).toBe(1000);
    now = 99;
    expect(bdp.received(900, 900)).toBe(false);
    now = 100;
    expect(bdp.received(900, 900)).toBe(true);
  });
});

describe("TokenBucket", () => {
  test("allows its burst, then its rate", () => {
    const bucket = new TokenBucket({ burst: 3, perSecond: 1000 });
    expect([1, 2, 3, 4].map(() => bucket.take(5))).toEqual([true, true, true, false]);
    expect([1, 2, 3].map(() => bucket.take(7))).toEqual([true, true, false]);
    expect([1, 2, 3, 4].map(() => bucket.take(1000))).toEqual([true, true, true, false]);
  });
});
