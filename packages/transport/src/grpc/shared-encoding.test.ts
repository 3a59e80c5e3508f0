import { afterEach, describe, expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import type { ServerOptions } from "../server/server-options.js";
import { start } from "../testing/echo-server.js";
import { Payload } from "../testing/gen/grpc/testing/interop.js";
import { shareEncoding, sharedForm, sharedOf } from "./shared-encoding.js";

/** The number of messages that were encoded, by either type. */
let encoded = 0;
let encodedElsewhere = 0;
const counted: typeof Payload = {
  ...Payload,
  encode(message, writer) {
    encoded++;
    return Payload.encode(message, writer);
  },
};
const countedElsewhere: typeof Payload = {
  ...Payload,
  encode(message, writer) {
    encodedElsewhere++;
    return Payload.encode(message, writer);
  },
};
afterEach(() => {
  encoded = encodedElsewhere = 0;
});

const method = (name: string, responseType: typeof Payload) =>
  ({
    name,
    requestType: Payload,
    requestStream: false,
    responseType,
    responseStream: true,
    options: {},
  }) as const;
const feedDefinition = {
  name: "Feed",
  fullName: "callwire.testing.Feed",
  methods: { watch: method("Watch", counted), watchElsewhere: method("WatchElsewhere", countedElsewhere) },
} as const;

/** A feed of these events, with a client. */
async function feed(events: readonly Payload[], options?: ServerOptions) {
  async function* watch() {
    yield* events;
  }
  const started = await start(
    (server) => server.add(feedDefinition, { watch, watchElsewhere: watch }),
    options,
  );
  const channel = createChannel(started.address);
  const client = createClient(feedDefinition, channel);
  const read = async (stream: AsyncIterable<Payload>): Promise<Buffer[]> => {
    const bodies: Buffer[] = [];
    for await (const { body } of stream) bodies.push(Buffer.from(body));
    return bodies;
  };
  return {
    watch: () => read(client.watch({})),
    watchElsewhere: () => read(client.watchElsewhere({})),
    async [Symbol.asyncDispose]() {
      channel.close();
      await started[Symbol.asyncDispose]();
    },
  };
}

const payload = (length: number, fill: number): Payload =>
  Payload.fromPartial({ body: Buffer.alloc(length, fill) });

// What is copied into the output, what is not, and what waits for a window.
test.each([[[0, 1, 100, 5000]], [[16_379, 16_380, 16_384, 16_385]], [[70_000, 300_000, 1_000_000]]])(
  "messages of %j bytes are encoded once for many streams",
  async (lengths) => {
    const events = lengths.map((length, index) => shareEncoding(payload(length, index)));
    await using fed = await feed(events);
    const watches = await Promise.all(Array.from({ length: 10 }, () => fed.watch()));
    for (const bodies of watches) {
      expect(bodies.map((body) => body.length)).toEqual(lengths);
      bodies.forEach((body, index) => expect(body.every((byte) => byte === index)).toBe(true));
    }
    expect(encoded).toBe(events.length);
  },
);

test("each codec makes its own bytes, once", async () => {
  await using fed = await feed([shareEncoding(payload(10, 1))]);
  const all = await Promise.all([fed.watch(), fed.watchElsewhere(), fed.watchElsewhere(), fed.watch()]);
  for (const bodies of all) expect(bodies).toEqual([Buffer.alloc(10, 1)]);
  expect([encoded, encodedElsewhere]).toEqual([1, 1]);
});

test("compressed, too", async () => {
  await using fed = await feed([shareEncoding(payload(5000, 1))], { limits: { compressResponses: true } });
  for (let i = 0; i < 3; i++) expect(await fed.watch()).toEqual([Buffer.alloc(5000, 1)]);
  expect(encoded).toBe(1);
});

test("the bytes that are kept keep no other memory", async () => {
  const event = shareEncoding(payload(10, 1));
  await using fed = await feed([event]);
  await fed.watch();
  const kept = sharedOf(event)?.bytes;
  expect(kept?.bytes.buffer.byteLength).toBe(kept!.bytes.length);
  expect(kept?.next).toBeUndefined();
});

test("a message that is not marked, or a copy of one that is, is encoded for each stream", async () => {
  const marked = shareEncoding(payload(10, 1));
  await using fed = await feed([payload(10, 2), { ...marked }]);
  for (let i = 0; i < 3; i++) expect(await fed.watch()).toEqual([Buffer.alloc(10, 2), Buffer.alloc(10, 1)]);
  expect(encoded).toBe(6);
});

test.each([false, true])("each stream's limit holds; compressed: %s", async (compressResponses) => {
  const event = shareEncoding(payload(1000, 1));
  await using small = await feed([event], { limits: { maxSendMessageBytes: 900, compressResponses } });
  await using large = await feed([event], { limits: { compressResponses } });
  for (let i = 0; i < 2; i++) {
    await expect(small.watch()).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    expect(await large.watch()).toEqual([Buffer.alloc(1000, 1)]);
  }
});

test("a message that cannot be encoded fails each of its streams", async () => {
  const event = shareEncoding({ ...payload(10, 1), type: "none" as never });
  await using fed = await feed([event]);
  for (let i = 0; i < 2; i++) await expect(fed.watch()).rejects.toMatchObject({ code: Status.INTERNAL });
});

test("the mark cannot be seen, and frozen messages take it", () => {
  const message = Object.freeze(payload(10, 1));
  expect(shareEncoding(shareEncoding(message))).toBe(message);
  expect(Reflect.ownKeys(message)).toEqual(Reflect.ownKeys(payload(10, 1)));
});

describe("another form of a message", () => {
  const maker = {};
  const form = (message: Payload, by: object = maker) => {
    let made = 0;
    const read = () =>
      sharedForm(message, by, ({ body }, isShared) => ({ body: [...body], isShared, made: ++made }));
    return [read(), read()];
  };

  test("is made once by each maker, if the message is marked", () => {
    const message = shareEncoding(payload(1, 7));
    const [first, second] = form(message);
    expect(first).toEqual({ body: [7], isShared: true, made: 1 });
    expect(second).toBe(first);
    expect(form(message, {})[0]).not.toBe(first);
    expect(form(message)[0]).toBe(first);
  });

  test("is made each time, if it is not", () => {
    const [first, second] = form(payload(1, 7));
    expect([first, second]).toEqual([
      { body: [7], isShared: false, made: 1 },
      { body: [7], isShared: false, made: 2 },
    ]);
  });

  test("that cannot be made is tried again", () => {
    const message = shareEncoding(payload(1, 7));
    const fail = () => {
      throw new Error("cannot");
    };
    expect(() => sharedForm(message, maker, fail)).toThrow("cannot");
    expect(form(message)[0]).toMatchObject({ made: 1 });
  });
});
