// The application's own functions around a connection and a call: what they do wrong is the failure of that call.
import { createSecureContext, type PeerCertificate, type SecureContext } from "node:tls";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, testCertificates } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { ServerCredentials } from "../server/credentials.js";
import { createServer } from "../server/create-server.js";
import { echoClient } from "../testing/echo-client.js";
import { start } from "../testing/echo-server.js";
import { failureOf } from "../testing/outcomes.js";
import { FRAME_HEADERS, FRAME_RST_STREAM } from "../http2/constants.js";
import { goodEcho, openRawEcho, takeCall } from "../testing/raw-server-peer.js";
import { ChannelCredentials } from "./channel-credentials.js";

/** The ways in which a function of an application goes wrong at once. */
const WRONG: [way: string, fail: () => never][] = [
  ["throws undefined", () => raise(undefined)],
  ["throws an object without prototype", () => raise(Object.create(null))],
  ["throws", () => raise(new Error("being renewed"))],
  ["is async", (() => Promise.reject(new Error("later"))) as () => never],
  ["returns the wrong type", (() => 42) as unknown as () => never],
];

function raise(thrown: unknown): never {
  throw thrown;
}

const certificates = await testCertificates();

async function startTls() {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const { key, cert } = certificates.server;
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [pair]));
  return {
    ca: certificates.ca,
    address: `localhost:${port}`,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

const RETRY_SOON = { "grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 100 };

describe("a secure context", () => {
  test.each(WRONG)(
    "whose function %s once fails what connects, and the next connection works",
    async (_, fail) => {
      await using server = await startTls();
      const context = createSecureContext({ ca: server.ca });
      let asked = 0;
      const credentials = ChannelCredentials.createFromSecureContext(() => (asked++ < 2 ? fail() : context));
      using echo = echoClient(server.address, RETRY_SOON, credentials);
      const error = await failureOf(echo.client.echoUnary({ text: "early" }));
      expect(error).toMatchObject({ code: Status.UNAVAILABLE });
      expect(error.details).toMatch(/no secure context: /);
      expect(await echo.client.echoUnary({ text: "late" }, { waitForReady: true })).toEqual({ text: "late" });
    },
  );

  test("is not replaced by one that trusts everybody's authorities", async () => {
    await using server = await startTls();
    const credentials = ChannelCredentials.createFromSecureContext(
      () => undefined as unknown as SecureContext,
    );
    using echo = echoClient(server.address, {}, credentials);
    const { details } = await failureOf(echo.client.echoUnary({ text: "" }));
    expect(details).toMatch(/no secure context: the function returned none/);
  });
});

test.each(WRONG)("checkServerIdentity that %s refuses the certificate", async (_, fail) => {
  await using server = await startTls();
  const credentials = ChannelCredentials.createSsl(Buffer.from(server.ca), null, null, {
    checkServerIdentity: (_host: string, _certificate: PeerCertificate) => fail(),
  });
  using echo = echoClient(server.address, {}, credentials);
  expect(await failureOf(echo.client.echoUnary({ text: "" }))).toMatchObject({ code: Status.UNAVAILABLE });
});

test("an onHeader that is async, and fails, fails its call or is warned of, and ends nothing else", async () => {
  await using server = await start();
  using echo = echoClient(server.address);
  // As JavaScript's callers write it.
  const later = (async () => {
    await nextTurn();
    throw new Error("later");
  }) as () => void;
  const stream = echo.client.echoServerStream(
    { count: 1, text: "a", fault: { code: 0, message: "", waitForAbort: true, unexpected: false } },
    { onHeader: later },
  );
  await expect(
    (async () => {
      for await (const _ of stream);
    })(),
  ).rejects.toThrow("later");
  expect(await echo.client.echoUnary({ text: "b" }, { onHeader: later, onTrailer: later })).toEqual({
    text: "b",
  });
  await nextTurn();
});

test("a source that cannot be iterated fails its call alone, also one that waits for the connection", async () => {
  await using server = await start();
  using echo = echoClient(server.address);
  const locked = () => {
    const stream = new ReadableStream<{ text: string }>();
    stream.getReader();
    return stream as unknown as AsyncIterable<{ text: string }>;
  };
  for (const _ of ["not connected", "connected"]) {
    const [one, two, good] = await Promise.allSettled([
      echo.client.echoClientStream(locked()),
      echo.client.echoBidiStream(locked())[Symbol.asyncIterator]().next(),
      echo.client.echoUnary({ text: "good" }),
    ]);
    expect(one).toMatchObject({ status: "rejected", reason: { message: expect.stringMatching(/locked/) } });
    expect(two).toMatchObject({ status: "rejected", reason: { message: expect.stringMatching(/locked/) } });
    expect(good).toMatchObject({ status: "fulfilled", value: { text: "good" } });
  }
});

test("an encoder that ends its own call sends nothing behind RST_STREAM", async () => {
  await using raw = await openRawEcho();
  // Without a connection, the message is encoded before there is a stream.
  await goodEcho(raw, raw.peer);
  const controller = new AbortController();
  const request = {
    get text() {
      controller.abort();
      return "late";
    },
  };
  await expect(raw.client.echoUnary(request, { signal: controller.signal })).rejects.toThrow("aborted");
  const id = await takeCall(raw.peer);
  // All that came before it has come, too.
  await goodEcho(raw, raw.peer);
  expect(raw.peer.of(id).map(({ type }) => type)).toEqual([FRAME_HEADERS, FRAME_RST_STREAM]);
});
