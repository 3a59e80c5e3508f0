import type { Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { ClientError, Status, type CallContext } from "nice-grpc-common";
import { createServer } from "../server/create-server.js";
import type { ServerOptions } from "../server/server-options.js";
import { channelStats, waitForChannelReady } from "./channel.js";
import type { ChannelOptions } from "./channel-options.js";
import { ConnectivityState } from "./connectivity-state.js";
import { createClient } from "./create-client.js";
import { createInProcessChannel } from "./in-process-channel.js";
import { fakeClock } from "../fake-clock.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";

/** A client and a server that never listens; what a test does to them in its own way, it does through these. */
function connected(
  observe: (context: CallContext) => void = () => {},
  channelOptions: ChannelOptions = {},
  serverOptions: ServerOptions = {},
) {
  const server = createServer(serverOptions);
  server.add(EchoServiceDefinition, echoService(observe));
  const sockets: Socket[] = [];
  const channel = createInProcessChannel(
    {
      connectInProcess() {
        const socket = server.connectInProcess();
        sockets.push(socket);
        return socket;
      },
    },
    channelOptions,
  );
  return {
    server,
    channel,
    /** The client's ends, in the order of their connections. */
    sockets,
    client: createClient(EchoServiceDefinition, channel),
    [Symbol.dispose]: () => {
      channel.close();
      server.forceShutdown();
    },
  };
}

async function* texts(...all: string[]): AsyncIterable<{ text: string }> {
  for (const text of all) yield { text };
}

test("the four shapes, on one connection", async () => {
  using peers = connected();
  const { client, server, channel, sockets } = peers;
  expect(await client.echoUnary({ text: "grüße 🙂" })).toEqual({ text: "grüße 🙂" });
  const answers = await collect(client.echoServerStream({ text: "a", count: 3 }));
  expect(answers.map(({ index }) => index)).toEqual([0, 1, 2]);
  expect(await client.echoClientStream(texts("a", "b", "c"))).toEqual({ text: "a,b,c", count: 3 });

  const seen: string[] = [];
  let answered = deferred();
  const requests = (async function* () {
    for (const text of ["a", "b", "c"]) {
      const before = answered.promise;
      yield { text };
      await before;
    }
  })();
  for await (const { text } of client.echoBidiStream(requests)) {
    seen.push(text);
    const before = answered;
    answered = deferred();
    before.resolve();
  }
  expect(seen).toEqual(["a", "b", "c"]);
  expect(sockets).toHaveLength(1);
  expect(server.stats).toMatchObject({ connectionsOpened: 1, callsSucceeded: 4 });
  expect(channel.getTarget()).toBe("in-process");
});

test("many calls at once, in more than one connection if the server allows few on each", async () => {
  using peers = connected(undefined, {}, { limits: { maxConcurrentStreams: 10 } });
  const wanted = Array.from({ length: 200 }, (_, index) => ({ text: String(index) }));
  expect(await Promise.all(wanted.map((request) => peers.client.echoUnary(request)))).toEqual(wanted);
  expect(peers.sockets.length).toBeGreaterThan(1);
});

test("messages larger than the windows, both ways", async () => {
  using peers = connected();
  const text = "x".repeat(3_000_000);
  expect((await peers.client.echoUnary({ text })).text.length).toBe(text.length);
  const answers = await collect(peers.client.echoBidiStream(texts(text, text, text)));
  expect(answers.map((answer) => answer.text === text)).toEqual([true, true, true]);
});

test("the limits of message sizes hold", async () => {
  using peers = connected();
  const error = await failureOf(peers.client.echoUnary({ text: "x".repeat(5_000_000) }));
  expect(error.code).toBe(Status.RESOURCE_EXHAUSTED);
});

test("errors come with their code and message", async () => {
  using peers = connected();
  const error = await failureOf(
    peers.client.echoUnary({ text: "", fault: { code: Status.NOT_FOUND, message: "não há" } }),
  );
  expect(error).toBeInstanceOf(ClientError);
  expect([error.code, error.details]).toEqual([Status.NOT_FOUND, "não há"]);
});

test("a deadline ends the call here, and in the handler", async () => {
  const seen = deferred<CallContext>();
  // However long the machine takes, the call gets to its handler before its deadline.
  using clock = fakeClock();
  using peers = connected((context) => seen.resolve(context));
  const deadline = Date.now() + 50;
  const failed = failureOf(peers.client.echoUnary({ text: "", fault: { waitForAbort: true } }, { deadline }));
  const context = (await seen.promise) as CallContext & { deadline?: Date };
  // It went over the wire as a time that is left.
  expect(context.deadline).toBeDefined();
  await clock.advance(50);
  expect((await failed).code).toBe(Status.DEADLINE_EXCEEDED);
  if (!context.signal.aborted) {
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
  }
});

test("a cancelled call reaches the handler", async () => {
  const seen = deferred<CallContext>();
  using peers = connected((context) => seen.resolve(context));
  const controller = new AbortController();
  const failed = failureOf(
    peers.client.echoUnary({ text: "", fault: { waitForAbort: true } }, { signal: controller.signal }),
  );
  const { signal } = await seen.promise;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  controller.abort();
  expect((await failed).name).toBe("AbortError");
  await aborted;
  expect(await peers.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  expect(peers.sockets).toHaveLength(1);
});

describe("a connection that is lost", () => {
  test("fails its calls, and the next call opens another", async () => {
    const seen = deferred<CallContext>();
    using peers = connected((context) => seen.resolve(context));
    const failed = failureOf(peers.client.echoUnary({ text: "", fault: { waitForAbort: true } }));
    const { signal } = await seen.promise;
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    peers.sockets[0]!.destroy();
    expect((await failed).code).toBe(Status.UNAVAILABLE);
    await aborted;
    expect(await peers.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(peers.sockets).toHaveLength(2);
    expect(peers.server.stats.connectionsOpened).toBe(2);
  });

  test("while it is idle costs no call", async () => {
    using peers = connected();
    await waitForChannelReady(peers.channel, new Date(Date.now() + 10_000));
    const left = new Promise<void>((resolve) =>
      peers.channel.watchConnectivityState(ConnectivityState.READY, Infinity, () => resolve()),
    );
    peers.sockets[0]!.destroy();
    await left;
    expect(await peers.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  });
});

describe("a server that is shut down", () => {
  test("lets calls that run end, closes the connection, and refuses others", async () => {
    const seen = deferred();
    const finish = deferred();
    using peers = connected();
    const requests = (async function* () {
      yield { text: "a" };
      await finish.promise;
      yield { text: "b" };
    })();
    const running = (async () => {
      const all: string[] = [];
      for await (const { text } of peers.client.echoBidiStream(requests)) {
        all.push(text);
        seen.resolve();
      }
      return all;
    })();
    await seen.promise;
    const stopped = peers.server.shutdown();
    finish.resolve();
    expect(await running).toEqual(["a", "b"]);
    await stopped;
    expect(peers.server.stats.connectionsOpen).toBe(0);
    const error = await failureOf(peers.client.echoUnary({ text: "a" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain("in-process: the server was shut down");
    expect(channelStats(peers.channel).connections).toBe(0);
  });

  test("by force cuts calls off", async () => {
    const seen = deferred<CallContext>();
    using peers = connected((context) => seen.resolve(context));
    const failed = failureOf(peers.client.echoUnary({ text: "", fault: { waitForAbort: true } }));
    await seen.promise;
    peers.server.forceShutdown();
    expect((await failed).code).toBe(Status.CANCELLED);
  });

  test("takes connections again when it listens again; a call that waits for ready outlasts that", async () => {
    using peers = connected(undefined, { "grpc.initial_reconnect_backoff_ms": 20 });
    await peers.server.shutdown();
    const call = peers.client.echoUnary({ text: "a" }, { waitForReady: true });
    expect((await failureOf(peers.client.echoUnary({ text: "b" }))).code).toBe(Status.UNAVAILABLE);
    await peers.server.listen("127.0.0.1:0");
    expect(await call).toEqual({ text: "a" });
  });

  test("before the connection's preface has come drops it", async () => {
    using peers = connected();
    const socket = peers.server.connectInProcess();
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.resume();
    peers.server.forceShutdown();
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await closed;
    expect(peers.server.stats.connectionsOpened).toBe(0);
  });
});

test("a channel that is closed takes no more calls, and closes its connection", async () => {
  using peers = connected();
  await peers.client.echoUnary({ text: "a" });
  const closed = new Promise((resolve) => peers.sockets[0]!.on("close", resolve));
  peers.channel.close();
  await expect(peers.client.echoUnary({ text: "a" })).rejects.toThrow("Channel has been shut down");
  await closed;
});

test("takes a server and a client alone", async () => {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const channel = createInProcessChannel(server);
  const client = createClient(EchoServiceDefinition, channel);
  expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  channel.close();
  await server.shutdown();
});
