import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { HeaderFields } from "../hpack/header-fields.js";
import { FLAG_END_STREAM, FRAME_DATA } from "../http2/constants.js";
import { FrameReader } from "../http2/frame-reader.js";
import { Sender } from "../http2/sender.js";
import type { Http2Stream } from "../http2/stream.js";
import { SlowSocket } from "../testing/slow-socket.js";
import type { Codec } from "./definitions.js";
import { writeMessage } from "./message-writer.js";
import { shareEncoding } from "./shared-encoding.js";

// Messages of a stream that are written one after the other go out in one DATA frame (RFC 9113, section 6.1).

const MAX_FRAME = 16_384;
const WINDOW = 65_535;
const TRAILERS = new HeaderFields(["grpc-status", "0"]);
const NO_BYTES = new Uint8Array();

/** Messages that are bytes, as they are. */
const codec: Codec = {
  encode(message, writer) {
    writer.raw(message as Uint8Array);
  },
  decode: (buffer, start, end) => buffer.subarray(start, end),
};

interface Frame {
  type: number;
  id: number;
  end: boolean;
  bytes: Buffer;
}

/** Senders have what streams 1 and 3 send, and know what of it goes out. */
function sending() {
  const socket = new SlowSocket();
  const streams = [1, 3].map(
    (id) => ({ id, sendWindow: 0, pending: undefined, onDrained() {} }) as unknown as Http2Stream,
  );
  const sender = new Sender(socket as unknown as Socket, { size: 2 }, () => {});
  const [first, second] = streams as [Http2Stream, Http2Stream];
  const write = (stream: Http2Stream, message: Uint8Array, end = false): void => {
    writeMessage(sender, stream, codec, message, Infinity, end);
  };
  /** The frames that have gone out. */
  const frames = (): Frame[] => {
    const all: Frame[] = [];
    const reader = new FrameReader({
      onFrame(type, flags, id, buffer, start, end) {
        const bytes = Buffer.from(buffer.subarray(start, end));
        all.push({ type, id, end: (flags & FLAG_END_STREAM) !== 0, bytes });
        return true;
      },
    });
    for (const bytes of socket.taken) reader.read(bytes);
    return all;
  };
  const flushed = (): [id: number, bytes: number, end: boolean][] => {
    sender.output.flush();
    return frames()
      .filter(({ type }) => type === FRAME_DATA)
      .map(({ id, bytes, end }) => [id, bytes.length, end]);
  };
  return { socket, sender, first, second, write, frames, flushed };
}

const message = (size: number): Uint8Array => Buffer.alloc(size, size);
const shared = (size: number): Uint8Array => shareEncoding(message(size));

describe.each([
  ["messages", message],
  ["messages that are shared", shared],
])("%s", (_, make) => {
  test("of one stream share a frame until something else is written", () => {
    const { sender, first, second, write, flushed } = sending();
    for (const size of [10, 0, 20]) write(first, make(size));
    for (const size of [1, 2]) write(second, make(size));
    write(first, make(30));
    sender.ping(new Uint8Array(8), false);
    write(first, make(31));
    write(first, make(32));
    expect(flushed()).toEqual([
      [1, 45, false],
      [3, 13, false],
      [1, 35, false],
      [1, 73, false],
    ]);
  });

  test("do not go into a frame that was sent", () => {
    const { sender, first, write, flushed } = sending();
    write(first, make(10));
    expect(flushed()).toEqual([[1, 15, false]]);
    // In its place in the memory stands a PING that is as long.
    write(first, make(3));
    sender.output.flush();
    sender.ping(new Uint8Array(8), false);
    write(first, make(20));
    expect(flushed()).toEqual([
      [1, 15, false],
      [1, 8, false],
      [1, 25, false],
    ]);
  });

  test("fill frames as large as the peer takes, and no larger", () => {
    const { socket, first, write, frames, sender } = sending();
    // Nothing goes out before the end.
    socket.full = true;
    sender.ping(new Uint8Array(8), false);
    sender.output.flush();
    for (let i = 0; i < 20; i++) write(first, make(1000 + i));
    write(first, make(3));
    sender.output.flush();
    socket.release();
    const data = frames().filter(({ type }) => type === FRAME_DATA);
    expect(data.map(({ bytes }) => bytes.length > 15_000)).toEqual([true, false]);
    for (const { bytes } of data) expect(bytes.length).toBeLessThanOrEqual(MAX_FRAME);
    const all = Buffer.concat(data.map(({ bytes }) => bytes));
    const expected = [...Array.from({ length: 20 }, (_, i) => 1000 + i), 3].flatMap((size) => [
      Buffer.of(0, 0, 0, size >>> 8, size),
      message(size),
    ]);
    expect(all.equals(Buffer.concat(expected))).toBe(true);
  });

  test("can end the stream in the frame of others", () => {
    const { sender, first, second, write, flushed } = sending();
    write(first, make(10));
    write(first, make(20), true);
    write(second, make(1));
    sender.data(second, NO_BYTES, true);
    expect(flushed()).toEqual([
      [1, 40, true],
      [3, 6, true],
    ]);
  });
});

test("whatever is written, each stream's bytes come in order, within the windows and the frame size", async () => {
  const size = fc.oneof(
    { weight: 4, arbitrary: fc.nat(300) },
    { weight: 2, arbitrary: fc.integer({ min: 3800, max: 4400 }) },
    { weight: 1, arbitrary: fc.integer({ min: 8000, max: 17_000 }) },
    { weight: 1, arbitrary: fc.nat(70_000) },
  );
  const step = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        what: fc.constantFrom("message", "message", "shared", "data"),
        size,
        second: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        what: fc.constantFrom("ping", "flush", "turn", "full", "release", "header"),
        size: fc.constant(0),
        second: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant("grant"), size: fc.nat(40_000), second: fc.boolean() }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80 }), async (steps) => {
      const { socket, sender, first, second, write, frames } = sending();
      const expected = new Map<number, Buffer[]>([
        [1, []],
        [3, []],
      ]);
      const granted = new Map([
        [0, WINDOW],
        [1, WINDOW],
        [3, WINDOW],
      ]);
      const grant = (stream: Http2Stream, bytes: number): void => {
        granted.set(0, granted.get(0)! + bytes);
        granted.set(stream.id, granted.get(stream.id)! + bytes);
        sender.grant(stream, bytes);
        sender.grant(undefined, bytes);
      };
      let fill = 0;
      for (const { what, size: length, second: isSecond } of steps) {
        const stream = isSecond ? second : first;
        const bytes = Buffer.alloc(length, ++fill);
        if (what === "message" || what === "shared") {
          const prefix = Buffer.alloc(5);
          prefix.writeUInt32BE(length, 1);
          expected.get(stream.id)!.push(prefix, bytes);
          write(stream, what === "shared" ? shareEncoding(bytes) : bytes);
        } else if (what === "data") {
          expected.get(stream.id)!.push(bytes);
          sender.data(stream, bytes, false);
        } else if (what === "ping") sender.ping(new Uint8Array(8), false);
        else if (what === "header") sender.headers(stream, TRAILERS, undefined, false);
        else if (what === "flush") sender.output.flush();
        else if (what === "turn") await new Promise((resolve) => setImmediate(resolve));
        else if (what === "full") socket.full = true;
        else if (what === "release") socket.release();
        else if (length > 0) grant(stream, length);
      }
      const check = (): void => {
        let total = 0;
        for (const { id } of [first, second]) {
          const sent = frames().filter((each) => each.type === FRAME_DATA && each.id === id);
          for (const { bytes } of sent) expect(bytes.length).toBeLessThanOrEqual(MAX_FRAME);
          const bytes = Buffer.concat(sent.map((each) => each.bytes));
          const all = Buffer.concat(expected.get(id)!);
          expect(bytes.length).toBeLessThanOrEqual(granted.get(id)!);
          expect(bytes.equals(all.subarray(0, bytes.length))).toBe(true);
          total += bytes.length;
        }
        expect(total).toBeLessThanOrEqual(granted.get(0)!);
      };
      socket.release();
      await new Promise((resolve) => setImmediate(resolve));
      check();
      // With room enough, all of it.
      for (let i = 0; i < 100 && (first.pending !== undefined || second.pending !== undefined); i++) {
        grant(first, 200_000);
        grant(second, 200_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      sender.output.flush();
      check();
      for (const { id } of [first, second]) {
        const sent = frames().filter((each) => each.type === FRAME_DATA && each.id === id);
        const count = sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
        expect(count).toBe(expected.get(id)!.reduce((sum, { length }) => sum + length, 0));
      }
    }),
    { numRuns: 200 },
  );
});
