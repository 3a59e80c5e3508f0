import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { FRAME_DATA, SETTING_INITIAL_WINDOW_SIZE } from "../http2/constants.js";
import { FrameReader } from "../http2/frame-reader.js";
import { Sender } from "../http2/sender.js";
import { encodeSettings } from "../http2/settings.js";
import type { Http2Stream } from "../http2/stream.js";
import { SlowSocket } from "../testing/slow-socket.js";
import { createServer } from "./create-server.js";

// Connections live long: they must not keep what their calls have left.

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The number of objects that are still there once garbage was collected. */
async function alive(refs: readonly WeakRef<object>[]): Promise<number> {
  // What a WeakRef has given in a turn lives until its end.
  for (let round = 0; round < 3; round++) {
    await turn();
    gc();
  }
  return refs.filter((ref) => ref.deref() !== undefined).length;
}

test("a frame that came in two reads is not kept once it was read", async () => {
  const refs: WeakRef<object>[] = [];
  const reader = new FrameReader({
    onFrame(_type, _flags, _id, buffer) {
      refs.push(new WeakRef(buffer));
      return true;
    },
  });
  const bytes = frame(FRAME_DATA, 0, 1, Buffer.alloc(16_384));
  reader.read(bytes.subarray(0, 1000));
  reader.read(bytes.subarray(1000));
  expect(refs).toHaveLength(1);
  expect(await alive(refs)).toBe(0);
  expect(reader.waitsForControl).toBe(false);
});

test("answers that have waited for a window are not kept once they were sent, or dropped", async () => {
  const socket = new SlowSocket();
  const sender = new Sender(socket as unknown as Socket, { size: 100 }, () => {});
  const noWindow = Buffer.from(encodeSettings([[SETTING_INITIAL_WINDOW_SIZE, 0]]));
  sender.applySettings(noWindow, 0, noWindow.length, () => []);
  sender.grant(undefined, 100_000_000);
  const refs: WeakRef<object>[] = [];
  for (let id = 1; id < 200; id += 2) {
    const stream = { id, sendWindow: 0, pending: undefined, onDrained() {} } as unknown as Http2Stream;
    const bytes = Buffer.allocUnsafeSlow(20_000);
    refs.push(new WeakRef(bytes), new WeakRef(stream), new WeakRef(bytes.buffer));
    sender.data(stream, bytes, false);
    // Some are sent, some in part, and some go as they are.
    if (id % 3 === 0) sender.grant(stream, 20_000);
    else if (id % 3 === 1) sender.grant(stream, 10_000);
    if (id % 3 !== 0) sender.drop(stream);
  }
  await turn();
  socket.taken.length = 0;
  expect(sender.pendingBytes).toBe(0);
  // The last frame's stream may be remembered.
  expect(await alive(refs)).toBeLessThan(4);
  expect(sender.window).toBeGreaterThan(0);
});

test("calls with a deadline that is far away are not kept once they have ended, however they do", async () => {
  const refs: WeakRef<object>[] = [];
  const server = createServer();
  server.add(
    EchoServiceDefinition,
    echoService((context) => {
      refs.push(new WeakRef(context), new WeakRef(context.signal));
    }),
  );
  const port = await server.listen("127.0.0.1:0");
  const channel = createChannel(`127.0.0.1:${port}`);
  const client = createClient(EchoServiceDefinition, channel);
  const deadline = new Date(Date.now() + 3_600_000);
  try {
    for (let index = 0; index < 50; index++) {
      const request = { text: "x".repeat(1000) };
      refs.push(new WeakRef(request));
      await client.echoUnary(request, { deadline });
      const failing = { text: "", fault: { code: 5, message: "", unexpected: false, waitForAbort: false } };
      refs.push(new WeakRef(failing));
      await client.echoUnary(failing, { deadline }).catch(() => {});
      const controller = new AbortController();
      const waiting = { text: "", count: 1, fault: { ...failing.fault, code: 0, waitForAbort: true } };
      refs.push(new WeakRef(waiting), new WeakRef(controller.signal));
      const stream = client.echoServerStream(waiting, { deadline, signal: controller.signal });
      const read = (async () => {
        for await (const _ of stream);
      })().catch(() => {});
      await turn();
      controller.abort();
      await read;
    }
    // Some of the last calls: variables and promises of theirs are still there.
    expect(refs.length).toBeGreaterThan(200);
    expect(await alive(refs)).toBeLessThan(20);
  } finally {
    channel.close();
    server.forceShutdown();
  }
});
