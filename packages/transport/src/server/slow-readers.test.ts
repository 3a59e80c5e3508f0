import { expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { serverBytes } from "../http2/buffered-bytes.js";
import { createServer } from "./create-server.js";

// Streams that nobody reads stop only themselves, however many they are, and memory stays bounded.

const SLOW = 100;
const TEXT = "x".repeat(8 * 1024);
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
const http2 = { maxUnreadBytes: MAX_UNREAD_BYTES, connectionWindow: 2 * 1024 * 1024 };

/** Serves the echo, over one connection. */
async function connect(overrides: object = {}) {
  const server = createServer({ http2 });
  server.add(EchoServiceDefinition, { ...echoService(), ...overrides });
  const port = await server.listen("127.0.0.1:0");
  const channel = createChannel(`127.0.0.1:${port}`);
  return {
    server,
    client: createClient(EchoServiceDefinition, channel),
    [Symbol.asyncDispose]: async () => {
      channel.close();
      server.forceShutdown();
    },
  };
}

/** Waits until a number does not change any more. */
async function settled(read: () => number): Promise<number> {
  for (let before = -1, same = 0; same < 20;) {
    const now = read();
    same = now === before ? same + 1 : 0;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return read();
}

test("handlers that do not read", async () => {
  let ended = 0;
  let released = (): void => {};
  const release = new Promise<void>((resolve) => (released = resolve));
  await using served = await connect({
    async echoClientStream(requests: AsyncIterable<{ text: string }>) {
      await release;
      let count = 0;
      for await (const _ of requests) count++;
      return { text: "", count };
    },
  });
  const { client } = served;
  let sent = 0;
  let isStopping = false;
  async function* texts(): AsyncIterable<{ text: string }> {
    // With windows of 256 KiB each these are 25 MiB.
    for (let index = 0; index < 50; index++) {
      if (isStopping) return;
      sent++;
      yield { text: TEXT };
    }
  }
  const slow = Array.from({ length: SLOW }, async () => {
    await client.echoClientStream(texts());
    ended++;
  });
  await settled(() => sent);
  expect(serverBytes.total).toBeGreaterThan(MAX_UNREAD_BYTES / 4);
  expect(serverBytes.total).toBeLessThan(MAX_UNREAD_BYTES);
  // A call that ends, and a stream whose reader waits.
  expect(await client.echoUnary({ text: TEXT })).toEqual({ text: TEXT });
  async function* many(): AsyncIterable<{ text: string }> {
    for (let index = 0; index < 200; index++) yield { text: TEXT };
  }
  let echoed = 0;
  for await (const { text } of client.echoBidiStream(many())) echoed += text.length;
  expect(echoed).toBe(200 * TEXT.length);
  expect(ended).toBe(0);
  // The slow ones go on when they are read, and none was lost.
  isStopping = true;
  released();
  await Promise.all(slow);
  expect(await settled(() => serverBytes.total)).toBe(0);
}, 60_000);

test("callers that do not read", async () => {
  await using served = await connect();
  const { client } = served;
  const slow = Array.from({ length: SLOW }, () => client.echoServerStream({ text: TEXT, count: 50 }));
  const iterators = slow.map((each) => each[Symbol.asyncIterator]());
  // Each reads the first message, and no more.
  await Promise.all(iterators.map((each) => each.next()));
  await settled(() => served.server.stats.messagesSent);
  expect(await client.echoUnary({ text: TEXT })).toEqual({ text: TEXT });
  let count = 0;
  for await (const _ of client.echoServerStream({ text: TEXT, count: 300 })) count++;
  expect(count).toBe(300);
  const rest = await Promise.all(
    iterators.map(async (each) => {
      let read = 1;
      while ((await each.next()).done !== true) read++;
      return read;
    }),
  );
  expect(rest).toEqual(Array(SLOW).fill(50));
}, 60_000);
