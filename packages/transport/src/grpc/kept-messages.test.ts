import type { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { SETTING_INITIAL_WINDOW_SIZE } from "../http2/constants.js";
import { FrameReader } from "../http2/frame-reader.js";
import type { KeptOutput } from "../http2/kept-output.js";
import { Output } from "../http2/output.js";
import { Sender } from "../http2/sender.js";
import { encodeSettings } from "../http2/settings.js";
import type { Http2Stream } from "../http2/stream.js";
import { mirrorDefinition } from "../testing/mirror.js";
import { SlowSocket } from "../testing/slow-socket.js";
import { methodsOf } from "./definitions.js";
import { type KeepBudget, KeptRequest, type MessageKeeper } from "./kept-messages.js";
import { writeMessage } from "./message-writer.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Streams that send over one connection, and the DATA that the peer got of each. */
function sending(budget: KeepBudget, maxBytes: number) {
  const socket = new SlowSocket();
  const sender = new Sender(socket as unknown as Socket, { size: 1 }, () => {});
  const settings = encodeSettings([[SETTING_INITIAL_WINDOW_SIZE, 1 << 24]]);
  sender.applySettings(Buffer.from(settings), 0, settings.length, () => []);
  sender.grant(undefined, 1 << 24);
  const streams = [1, 3, 5].map((id) => {
    const stream = { id, sendWindow: 0, pending: undefined, onDrained() {} } as unknown as Http2Stream;
    const kept = new KeptRequest(maxBytes, budget);
    const send = (size: number) =>
      writeMessage(sender, stream, codec, { body: Buffer.alloc(size, size) }, 1 << 24, false, kept);
    return { id, kept, send };
  });
  const dataOf = (streamId: number): Buffer => {
    const parts: Buffer[] = [];
    const reader = new FrameReader(
      {
        onFrame(type, _flags, id, buffer, start, end) {
          if (type === 0 && id === streamId) parts.push(Buffer.from(buffer.subarray(start, end)));
          return true;
        },
      },
      1 << 20,
    );
    for (const bytes of socket.taken) reader.read(bytes);
    return Buffer.concat(parts);
  };
  return { socket, sender, streams, dataOf };
}

const codec = methodsOf(mirrorDefinition)[0]!.request;
/** Around the sizes of frames and of the output's memory, and many that are small. */
const SIZES = [10, 0, 50, 300, 47, 5000, 20, 1, 17_000, 60, 9000, 30, 30, 70_000, 2];

test.each([
  ["each turn", 7, 1000],
  ["a socket that is full", 50, 3],
  ["frames that are full", 10_000, 1000],
])("a stream keeps what its peer gets, with %s", async (_what, everyTurn, everyFull) => {
  const budget = { leftBytes: 1 << 24 };
  const { socket, sender, streams, dataOf } = sending(budget, 1 << 24);
  for (let index = 0; index < 400; index++) {
    // Often the same stream again, so that its frames grow.
    const { send } = streams[(index >> 3) % streams.length]!;
    send(SIZES[index % SIZES.length]!);
    // Another connection takes what memory is free, and writes to it.
    new Output(new SlowSocket() as unknown as Socket, { size: 1 }).bytes(Buffer.alloc(4000, 0xff));
    if (index % everyTurn === everyTurn - 1) await turn();
    if (index % everyFull === everyFull - 1) socket.full = !socket.full;
  }
  const early = streams.map(({ kept }) => Buffer.from(kept.messages!));
  for (const { send } of streams) send(40);
  socket.release();
  await turn();
  // What had to wait goes on with the next credit.
  while (sender.pendingBytes > 0) {
    sender.grant(undefined, 1);
    await turn();
  }
  for (const [index, { id, kept }] of streams.entries()) {
    const data = dataOf(id);
    expect(data.equals(kept.messages!)).toBe(true);
    expect(data.subarray(0, -47).equals(early[index]!)).toBe(true);
    kept.drop();
  }
  expect(budget.leftBytes).toBe(1 << 24);
});

test("single messages are kept as their peer gets them, whatever goes out with them", async () => {
  const { socket, sender, streams, dataOf } = sending({ leftBytes: 1 << 24 }, 1 << 24);
  const kept: KeptOutput[] = [];
  const ranges: [start: number, end: number][] = [];
  const one: MessageKeeper = {
    keepOutput(output, start, end) {
      kept.push(output.keep(start, end));
      ranges.push([start, end]);
    },
    keepWritten: () => expect("written apart").toBe("never"),
    keepBytes: () => expect("shared").toBe("never"),
  };
  const stream = { id: 7, sendWindow: 0, pending: undefined, onDrained() {} } as unknown as Http2Stream;
  const early: Buffer[] = [];
  for (let index = 0; index < 300; index++) {
    writeMessage(sender, stream, codec, { body: Buffer.alloc(index % 90, index) }, 1 << 24, false, one);
    early.push(Buffer.from(kept[index]!.between(...ranges[index]!)));
    if (index % 3 === 0) streams[0]!.send(SIZES[index % SIZES.length]!);
    if (index % 7 === 0) await turn();
  }
  await turn();
  const messages = kept.map((each, index) => each.between(...ranges[index]!));
  expect(Buffer.concat(messages).equals(Buffer.concat(early))).toBe(true);
  expect(Buffer.concat(messages).equals(dataOf(stream.id))).toBe(true);
  expect(socket.taken.length).toBeGreaterThan(10);
});

test("a stream that sends more than may be kept keeps nothing, and gives back what it took", () => {
  const budget = { leftBytes: 10_000 };
  const { streams } = sending(budget, 5000);
  const [one, two, three] = streams as [(typeof streams)[0], (typeof streams)[0], (typeof streams)[0]];
  one.send(4000);
  two.send(4000);
  three.send(4000);
  expect(streams.map(({ kept }) => kept.isWhole)).toEqual([true, true, false]);
  one.send(2000);
  expect(streams.map(({ kept }) => kept.isWhole)).toEqual([false, true, false]);
  two.kept.drop();
  expect(budget.leftBytes).toBe(10_000);
});
