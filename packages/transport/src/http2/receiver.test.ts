import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { BdpEstimator } from "./bdp-estimator.js";
import { BufferedBytes, SharedBytes } from "./buffered-bytes.js";
import { Receiver, TIGHT_WINDOW, type ReceiverOptions } from "./receiver.js";
import { Http2Stream } from "./stream.js";
import { TokenBucket } from "./token-bucket.js";

class TestStream extends Http2Stream {
  onHeaders(): void {}
  onData(): void {}
  onAborted(): void {}
  onRoomForMessage(): void {}
  onLessCredit(): void {}
  onFull(): void {}
  onDrained(): void {}
}

/** A receiver whose peer sends no more than it may, and knows our SETTINGS only once it has acknowledged them. */
function receiving(given: ReceiverOptions, count: number, buffered = new BufferedBytes()) {
  const streams = Array.from({ length: count }, (_, index) =>
    Object.assign(new TestStream(), { id: 2 * index + 1 }),
  );
  const credit = new Map([[0, 65_535]]);
  for (const { id } of streams) credit.set(id, 0);
  const announced: number[] = [given.streamWindow];
  let initial = 65_535;
  const receiver = new Receiver(
    {
      sender: {
        windowUpdate: (id, increment) => void credit.set(id, credit.get(id)! + increment),
      },
      buffered,
      streams: { size: count, values: () => streams.filter(({ closed }) => !closed) },
      announceWindow: (bytes) => void announced.push(bytes),
    },
    given,
  );
  receiver.start();
  const room = (stream: TestStream): number => Math.min(credit.get(0)!, initial + credit.get(stream.id)!);
  return {
    receiver,
    streams,
    buffered,
    announced,
    room,
    /** The peer takes our oldest SETTINGS that it does not know. */
    acknowledge() {
      const window = announced.shift();
      if (window === undefined) return;
      initial = window;
      receiver.acknowledged();
    },
    /** Sends as much as the peer may, up to that; returns how much. */
    send(stream: TestStream, bytes: number): number {
      const size = Math.min(bytes, Math.max(room(stream), 0));
      if (size === 0 || stream.closed) return 0;
      credit.set(0, credit.get(0)! - size);
      credit.set(stream.id, credit.get(stream.id)! - size);
      receiver.receivedOnConnection(size);
      expect(receiver.receivedOnStream(stream, size)).toBe(true);
      receiver.checkUnread();
      return size;
    },
    close(stream: TestStream) {
      stream.closed = true;
      receiver.forget(stream);
    },
  };
}

const options = {
  streamWindow: 70_000,
  maxStreamWindow: 70_000,
  connectionWindow: 100_000,
  maxUnreadBytes: 150_000,
};

describe("Receiver", () => {
  test("never loses credit, whatever is read and closed in whatever order, in tight times too", () => {
    const step = fc.record({
      stream: fc.nat(3),
      act: fc.constantFrom("receive", "receive", "receive", "consume", "consume", "close", "acknowledge"),
      bytes: fc.integer({ min: 1, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { receiver, streams, buffered, acknowledge, send, close, room } = receiving(options, 4);
        for (const { stream: index, act, bytes } of steps) {
          const stream = streams[index]!;
          if (act === "receive") send(stream, bytes);
          else if (act === "consume") receiver.consume(stream, Math.min(bytes, stream.unread));
          else if (act === "close") close(stream);
          else acknowledge();
        }
        for (let round = 0; round < 5; round++) acknowledge();
        for (const stream of streams) {
          receiver.consume(stream, stream.unread);
          // A stream whose bytes are all read can go on.
          if (!stream.closed) expect(room(stream)).toBeGreaterThanOrEqual(TIGHT_WINDOW / 2);
          close(stream);
          // A reader that comes too late gives nothing back twice.
          receiver.consume(stream, 1000);
        }
        expect(buffered.own).toBe(0);
        expect(receiver.isFull).toBe(false);
      }),
    );
  });

  test("slow streams stop themselves, and no other", () => {
    const few = { ...options, maxUnreadBytes: 250_000 };
    const { receiver, streams, buffered, announced, acknowledge, send } = receiving(few, 40);
    acknowledge();
    const [fast, ...slow] = streams as [TestStream, ...TestStream[]];
    for (const stream of slow) {
      send(stream, 70_000);
      acknowledge();
    }
    // The others have had a small window each.
    expect(announced).toEqual([]);
    expect(buffered.own).toBeLessThan(250_000);
    expect(receiver.isFull).toBe(false);
    for (let round = 0; round < 100; round++) {
      const sent = send(fast, 10_000);
      expect(sent).toBeGreaterThan(0);
      receiver.consume(fast, sent);
    }
  });

  test("what is unread beyond the limit is too much, of the connection and of all together", () => {
    const shared = new SharedBytes();
    const wide = { ...options, streamWindow: 60_000, maxUnreadBytes: 100_000, connectionWindow: 1_000_000 };
    const [first, second] = [0, 1].map(() => receiving(wide, 3, new BufferedBytes(shared, 150_000)));
    // The peers do not know of tight times.
    for (const { streams, send } of [first!, second!]) for (const stream of streams) send(stream, 30_000);
    expect([first!.receiver.isFull, second!.receiver.isFull]).toEqual([true, true]);
    for (const stream of second!.streams) second!.receiver.consume(stream, 20_000);
    expect([first!.receiver.isFull, second!.receiver.isFull]).toEqual([false, false]);
    for (const stream of first!.streams) first!.send(stream, 30_000);
    // More than its share: the other one is not to blame.
    expect([first!.receiver.isFull, second!.receiver.isFull]).toEqual([true, false]);
    first!.buffered.close();
    expect([shared.total, shared.connections]).toEqual([30_000, 1]);
  });

  test("what was decompressed counts until its bytes are used up", () => {
    const { receiver, streams, buffered, send } = receiving(options, 3);
    for (const stream of streams) send(stream, 10);
    expect(streams.map((stream) => receiver.keep(stream, 100_000))).toEqual([true, false, false]);
    expect(buffered.own).toBe(100_030);
    receiver.consume(streams[0]!, 10);
    expect(receiver.keep(streams[1]!, 1_000_000)).toBe(true);
    receiver.forget(streams[1]!);
    expect(buffered.own).toBe(10);
  });
});

describe("long messages", () => {
  function receiver(): Receiver {
    return receiving(options, 1).receiver;
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
