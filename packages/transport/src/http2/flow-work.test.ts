import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { SlowSocket } from "../testing/slow-socket.js";
import { SETTING_INITIAL_WINDOW_SIZE } from "./constants.js";
import { Sender } from "./sender.js";
import { encodeSettings } from "./settings.js";
import { Http2Stream } from "./stream.js";

// Frames that cost a peer little must cost us little, however many streams wait (RFC 9113, section 10.5).

const STREAMS = 5000;
const FRAMES = 500;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Streams that count each look at their window. */
let looks = 0;

class CountedStream extends Http2Stream {
  drained = 0;

  onHeaders(): void {}
  onData(): void {}
  onAborted(): void {}
  onRoomForMessage(): void {}
  onLessCredit(): void {}
  onFull(): void {}
  onDrained(): void {
    this.drained++;
  }
}

function countedStream(id: number): CountedStream {
  const stream = Object.assign(new CountedStream(), { id });
  let window = 0;
  Object.defineProperty(stream, "sendWindow", {
    get: () => (looks++, window),
    set(bytes: number) {
      window = bytes;
    },
  });
  return stream;
}

/** A connection with streams that each wait to send 100 bytes, and have this initial window. */
function waiting(initialWindow: number, streams = STREAMS) {
  const socket = new SlowSocket();
  const sender = new Sender(socket as unknown as Socket, { size: streams }, () => {});
  const all = Array.from({ length: streams }, (_, index) => countedStream(2 * index + 1));
  const settings = (window: number): void => {
    const bytes = Buffer.from(encodeSettings([[SETTING_INITIAL_WINDOW_SIZE, window]]));
    sender.applySettings(bytes, 0, bytes.length, () => all);
  };
  settings(initialWindow);
  for (const stream of all) sender.data(stream, Buffer.alloc(100, 1), false);
  looks = 0;
  return { sender, all, settings };
}

describe("streams that wait for windows of their own cost nothing when", () => {
  test("the connection's window grows", () => {
    const { sender } = waiting(0);
    for (let frame = 0; frame < FRAMES; frame++) sender.grant(undefined, 1);
    expect(looks).toBe(0);
  });

  test("the initial window shrinks and grows", () => {
    const { settings } = waiting(0);
    for (let frame = 0; frame < FRAMES; frame++) settings(frame % 2);
    expect(looks).toBeLessThan(2 * STREAMS + 64 * 20 * FRAMES);
  });

  test("one of them gets credit", () => {
    const { sender, all } = waiting(0);
    for (let frame = 0; frame < FRAMES; frame++) sender.grant(all[frame % 10], 1);
    expect(looks).toBeLessThan(20 * FRAMES);
  });

  test("the socket takes what waited", () => {
    const { sender } = waiting(0);
    for (let frame = 0; frame < FRAMES; frame++) sender.output.flush();
    expect(looks).toBe(0);
  });
});

test("streams that wait for the connection cost what they send, byte by byte", () => {
  const { sender } = waiting(1000);
  looks = 0;
  for (let frame = 0; frame < FRAMES; frame++) sender.grant(undefined, 1);
  expect(looks).toBeGreaterThan(0);
  expect(looks).toBeLessThan(20 * FRAMES);
});

test("whatever waits goes out once there is credit, and nothing is left behind", async () => {
  const { sender, all, settings } = waiting(0, 1000);
  sender.grant(undefined, 100_000);
  for (const stream of all.slice(0, 10)) sender.grant(stream, 60);
  settings(50);
  for (let turns = 0; turns < 100; turns++) await turn();
  expect(all.filter(({ drained }) => drained > 0)).toHaveLength(10);
  settings(100);
  for (let turns = 0; turns < 100; turns++) await turn();
  expect(all.every(({ drained }) => drained === 1)).toBe(true);
  expect(sender.pendingBytes).toBe(0);
});

test("a window that SETTINGS would make too large is found, also of a stream that was passed by", () => {
  const { sender, all, settings } = waiting(0, 3);
  sender.grant(all[1], 0x7fff_ffff - 10);
  expect(() => settings(11 + 100)).toThrow("SETTINGS made a stream's window too large");
});
