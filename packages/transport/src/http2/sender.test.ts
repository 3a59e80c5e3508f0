import type { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { SlowSocket } from "../testing/slow-socket.js";
import { SETTING_INITIAL_WINDOW_SIZE, SETTING_MAX_FRAME_SIZE } from "./constants.js";
import { FrameReader } from "./frame-reader.js";
import { Sender } from "./sender.js";
import { encodeSettings } from "./settings.js";
import type { Http2Stream } from "./stream.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A sender to a peer that takes frames of 1 MiB, with a stream of that window, and what the peer got of the stream. */
function sending(window: number) {
  const socket = new SlowSocket();
  const sender = new Sender(socket as unknown as Socket, { size: 1 }, () => {});
  const stream = { id: 1, sendWindow: 0, pending: undefined, onDrained() {} } as unknown as Http2Stream;
  const settings = encodeSettings([
    [SETTING_MAX_FRAME_SIZE, 1 << 20],
    [SETTING_INITIAL_WINDOW_SIZE, window],
  ]);
  sender.applySettings(Buffer.from(settings), 0, settings.length, () => []);
  sender.grant(undefined, 1 << 24);
  const data = (): Buffer => {
    const parts: Buffer[] = [];
    const reader = new FrameReader(
      {
        onFrame(_type, _flags, id, buffer, start, end) {
          if (id === stream.id) parts.push(Buffer.from(buffer.subarray(start, end)));
          return true;
        },
      },
      1 << 20,
    );
    for (const bytes of socket.taken) reader.read(bytes);
    return Buffer.concat(parts);
  };
  return { socket, sender, stream, data };
}

test("borrowed bytes that wait in the socket do not change, whatever frames the peer takes", async () => {
  const { socket, sender, stream, data } = sending(1 << 20);
  socket.full = true;
  const bytes = Buffer.alloc(200_000, 1);
  sender.data(stream, bytes, false, true);
  bytes.fill(2);
  await turn();
  socket.release();
  await turn();
  expect(data().equals(Buffer.alloc(200_000, 1))).toBe(true);
});

test("borrowed bytes that wait for the window, or behind others, do not change", async () => {
  const { sender, stream, data } = sending(10_000);
  const bytes = Buffer.alloc(100_000, 1);
  sender.data(stream, bytes, false, true);
  sender.data(stream, bytes, false, true);
  bytes.fill(2);
  sender.grant(stream, 1 << 20);
  await turn();
  expect(data().equals(Buffer.alloc(200_000, 1))).toBe(true);
});
