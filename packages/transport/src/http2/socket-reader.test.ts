import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  connect as connectTcp,
  createServer as createTcpServer,
  type AddressInfo,
  type Socket,
} from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { phasedServer } from "../testing/echo-server.js";
import { createInProcessSocket } from "../server/in-process-socket.js";
import { Payload } from "../testing/gen/grpc/testing/interop.js";
import { isBorrowed, keepBytes, READ_BYTES, readSocket } from "./socket-reader.js";

type Pair = [one: Socket, other: Socket];

async function tcpPair(): Promise<Pair> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const one = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
  const [[other]] = (await Promise.all([once(server, "connection"), once(one, "connect")])) as [
    [Socket],
    unknown,
  ];
  server.close();
  return [one, other];
}

const { ca, server: pem } = await testCertificates();

async function tlsPair(): Promise<Pair> {
  const server = createTlsServer({ key: pem.key, cert: pem.cert }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const one = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca });
  const [[other]] = (await Promise.all([once(server, "secureConnection"), once(one, "secureConnect")])) as [
    [Socket],
    unknown,
  ];
  server.close();
  return [one, other];
}

/** What a socket has read, and how. */
class Collected {
  text = "";
  readonly borrowed = new Set<boolean>();
  readonly #first: Promise<void>;

  constructor(socket: Socket) {
    this.#first = new Promise((resolve) => {
      readSocket(socket, (buffer, length) => {
        this.text += buffer.toString("latin1", 0, length);
        this.borrowed.add(isBorrowed(buffer));
        resolve();
      });
    });
  }

  /** The first bytes have come. */
  async begun(): Promise<void> {
    await this.#first;
  }
}

const kinds: [string, () => Promise<Pair>][] = [
  ["TCP", tcpPair],
  ["TLS", tlsPair],
];

describe.each(kinds)("readSocket over %s", (_kind, makePair) => {
  test("reads all that comes, on both sides, to its end", async () => {
    const [one, other] = await makePair();
    const sockets = [one, other];
    const sent = sockets.map((_, side) => String(side).repeat(3 * READ_BYTES));
    const got = sockets.map((socket) => new Collected(socket));
    const ends = sockets.map((socket) => once(socket, "close"));
    sockets.forEach((socket, side) => socket.end(sent[side]!));
    await Promise.all(ends);
    expect(got.map(({ text }) => text)).toEqual(sent.toReversed());
    // A Node.js that cannot do it reads slower; those that are supported can.
    const canBorrow = process.platform !== "win32";
    for (const { borrowed } of got) expect([...borrowed]).toEqual([canBorrow]);
  });

  test("reads nothing while the socket is paused", async () => {
    const [one, other] = await makePair();
    const got = new Collected(other);
    one.write("first");
    await got.begun();
    other.pause();
    await new Promise<void>((resolve) => one.write("second", () => resolve()));
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(got.text).toBe("first");
    other.resume();
    one.end();
    await once(other, "close");
    expect(got.text).toBe("firstsecond");
  });

  test("what was read before comes first", async () => {
    const [one, other] = await makePair();
    one.write("before ");
    await once(other, "readable");
    const got = new Collected(other);
    one.end("after");
    await once(other, "close");
    expect(got.text).toBe("before after");
  });
});

test("a connection that was cut is told of", async () => {
  const [one, other] = await tcpPair();
  const got = new Collected(other);
  const failed = once(other, "error");
  one.write("a");
  await got.begun();
  one.resetAndDestroy();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
  expect(other.destroyed).toBe(true);
});

test("within the process nothing is borrowed", async () => {
  const [one, other] = createInProcessSocket();
  const got = new Collected(other);
  one.end("abc");
  await once(other, "end");
  expect(got.text).toBe("abc");
  expect([...got.borrowed]).toEqual([false]);
});

test("what is kept stays, however long it is", async () => {
  const [one, other] = await tcpPair();
  const sent = randomBytes(4 * READ_BYTES);
  const kept: [at: number, bytes: Buffer][] = [];
  let read = 0;
  readSocket(other, (buffer, length) => {
    for (const size of [0, 1, 50, 5000, 16 * 1024, 100_000, length]) {
      if (size <= length) kept.push([read + length - size, keepBytes(buffer, length - size, length)]);
    }
    read += length;
  });
  const closed = once(other, "close");
  one.end(sent);
  await closed;
  expect(read).toBe(sent.length);
  expect(Math.max(...kept.map(([, bytes]) => bytes.length))).toBeGreaterThan(64 * 1024);
  for (const [at, bytes] of kept) expect(bytes.equals(sent.subarray(at, at + bytes.length))).toBe(true);
});

test("what is kept does not take other bytes with it to a worker", async () => {
  const [one, other] = await tcpPair();
  const kept: Buffer[] = [];
  readSocket(
    other,
    (buffer, length) => void kept.push(keepBytes(buffer, 0, length), keepBytes(buffer, 0, 1)),
  );
  const closed = once(other, "close");
  one.end("abc");
  await closed;
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(kept[0], [kept[0]!.buffer as ArrayBuffer]);
  } catch (error) {
    // Node.js before 21 copies what it must not transfer.
    expect((error as Error).name).toBe("DataCloneError");
  }
  port1.close();
  port2.close();
  expect(kept.map(String)).toEqual(["abc", "a"]);
});

test("bytes that are not borrowed are kept where they are", () => {
  const buffer = Buffer.from("abcdef");
  const kept = keepBytes(buffer, 1, 3);
  expect(kept.toString()).toBe("bc");
  expect(kept.buffer).toBe(buffer.buffer);
});

/** Decodes to the bytes that it was given: what a codec of another maker may do. */
const foreignType = {
  encode: (data: Uint8Array) => ({ finish: () => data }),
  decode: (input: Uint8Array) => input,
};

const unary = { requestStream: false, responseStream: false, options: {} } as const;
const definitions = {
  "ts-proto": {
    name: "TsProto",
    fullName: "test.TsProto",
    methods: { echo: { ...unary, name: "Echo", requestType: Payload, responseType: Payload } },
  },
  "another runtime's ts-proto": {
    name: "Foreign",
    fullName: "test.Foreign",
    methods: { echo: { ...unary, name: "Echo", requestType: foreignType, responseType: foreignType } },
  },
  "a definition of functions": {
    echo: {
      ...unary,
      path: "/test.Functions/Echo",
      requestSerialize: (data: Uint8Array) => data,
      requestDeserialize: (data: Uint8Array) => data,
      responseSerialize: (data: Uint8Array) => data,
      responseDeserialize: (data: Uint8Array) => data,
    },
  },
};

const cases = Object.keys(definitions).flatMap((form) =>
  (["identity", "gzip"] as const).flatMap((compression) =>
    [false, true].map((held) => ({ form, compression, held })),
  ),
);

test.each(cases)("messages stay as they were: $form, $compression, body held: $held", async (options) => {
  const { form, compression, held } = options;
  const definition = definitions[form as keyof typeof definitions];
  const isMessage = form === "ts-proto";
  const wrap = (body: Buffer): unknown => (isMessage ? { type: 0, body } : body);
  const bodyOf = (message: unknown): Buffer =>
    Buffer.from(isMessage ? (message as Payload).body : (message as Buffer));

  const requests: unknown[] = [];
  const server = phasedServer(
    { arrived: () => (held ? new Promise((resolve) => setImmediate(() => resolve())) : undefined) },
    { limits: { compressResponses: compression === "gzip" } },
  );
  server.add(definition, {
    echo: (request: unknown) => {
      requests.push(request);
      return request;
    },
  });
  const address = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
  const channels = [createChannel(address), createChannel(address)];
  const clients = channels.map(
    (channel) =>
      createClient(definition as never, channel) as {
        echo(data: unknown, options: object): Promise<unknown>;
      },
  );
  // In one frame, with others or alone; in two frames.
  const sent = [1, 100, 3000, 5000, 16_000, 30_000].flatMap((length) =>
    Array.from({ length: 10 }, (_, index) => Buffer.alloc(length, `${index}${length}`)),
  );
  const responses = await Promise.all(
    sent.map(async (body, index) => clients[index % 2]!.echo(wrap(body), { compression })),
  );
  // Reads that follow must not change them.
  await Promise.all(clients.map(async (client) => client.echo(wrap(Buffer.alloc(60_000)), {})));
  const texts = (messages: unknown[]): string[] =>
    messages.map((message) => bodyOf(message).toString()).toSorted();
  const expected = sent.map((body) => body.toString()).toSorted();
  expect(texts(responses)).toEqual(expected);
  expect(texts(requests.slice(0, sent.length))).toEqual(expected);
  for (const channel of channels) channel.close();
  await server.shutdown();
});
