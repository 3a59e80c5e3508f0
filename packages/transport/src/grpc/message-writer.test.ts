import { expect, test } from "@jest/globals";
import { createChannel, waitForChannelReady } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { start } from "../testing/echo-server.js";
import { Payload } from "../testing/gen/grpc/testing/interop.js";
import { mirrorDefinition } from "../testing/mirror.js";

/** What the memory of a message is filled with once its sender has it back. */
const REUSED = 0xff;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Both sides use the memory of what they sent for something else, as soon as they may. */
async function mirror() {
  const started = await start((server) =>
    server.add(mirrorDefinition, {
      async mirror({ body }: Payload) {
        const copy = Buffer.from(body);
        void turn().then(() => copy.fill(REUSED));
        return { body: copy };
      },
      async *mirrorAll(requests: AsyncIterable<Payload>) {
        for await (const { body } of requests) {
          const copy = Buffer.from(body);
          yield { body: copy };
          copy.fill(REUSED);
        }
      },
    }),
  );
  const channel = createChannel(started.address);
  await waitForChannelReady(channel, new Date(Date.now() + 10_000));
  return {
    channel,
    client: createClient(mirrorDefinition, channel),
    async [Symbol.asyncDispose]() {
      channel.close();
      await started[Symbol.asyncDispose]();
    },
  };
}

// Around what is copied into the output and what is not, frames, windows, and what waits in a socket.
const sizes = [16_383, 16_384, 16_385, 32_768, 65_536, 100_000, 262_144, 1_048_576, 3_000_000];

test.each(sizes)("a message may be changed once it is sent: %i bytes, unary", async (size) => {
  await using mirrored = await mirror();
  const body = Buffer.alloc(size, 1);
  const answer = mirrored.client.mirror({ body });
  await turn();
  body.fill(REUSED);
  expect((await answer).body.every((byte) => byte === 1)).toBe(true);
});

test("messages may be changed once they are sent: streams", async () => {
  await using mirrored = await mirror();
  async function* requests(): AsyncIterable<Payload> {
    const body = Buffer.alloc(Math.max(...sizes));
    for (const [index, size] of sizes.entries()) {
      yield Payload.fromPartial({ body: body.fill(index).subarray(0, size) });
      body.fill(REUSED);
    }
  }
  let index = 0;
  for await (const { body } of mirrored.client.mirrorAll(requests())) {
    expect(body).toHaveLength(sizes[index]!);
    expect(body.every((byte) => byte === index)).toBe(true);
    index++;
  }
  expect(index).toBe(sizes.length);
});

test.each([10, 3000, 20_000, 100_000])("an encoder may make calls of its own: %i bytes", async (size) => {
  let meanwhile = (): void => {};
  /** In the middle of a message there is time for something else. */
  const busyPayload: typeof Payload = {
    ...Payload,
    encode(message, writer) {
      const begun = Payload.encode({ ...message, body: Buffer.alloc(10) }, writer);
      meanwhile();
      return begun.uint32(18).bytes(message.body);
    },
  };
  await using mirrored = await mirror();
  const plain = mirrored.client;
  const busyMirror = { ...mirrorDefinition.methods.mirror, requestType: busyPayload };
  const busy = createClient({ ...mirrorDefinition, methods: { mirror: busyMirror } }, mirrored.channel);
  const answers: Promise<Payload>[] = [];
  meanwhile = () => {
    for (let index = 0; index < 5; index++) answers.push(plain.mirror({ body: Buffer.alloc(size, index) }));
  };
  for (let index = 5; index < 8; index++) {
    answers.push(plain.mirror({ body: Buffer.alloc(size, index) }));
    answers.push(busy.mirror({ body: Buffer.alloc(size, 10 * index) }));
  }
  const bodies = (await Promise.all(answers)).map(({ body }) => body);
  for (const body of bodies) {
    expect(body).toHaveLength(size);
    expect(body.every((byte) => byte === body[0])).toBe(true);
  }
  const order = [5, 0, 1, 2, 3, 4, 50, 6, 0, 1, 2, 3, 4, 60, 7, 0, 1, 2, 3, 4, 70];
  expect(bodies.map((body) => body[0])).toEqual(order);
});
