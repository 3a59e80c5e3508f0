import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  echoMessage,
  echoPaths,
  expectGoAway,
  goodCall,
  openCall,
  outcome,
  sendCall,
  startRawServer,
} from "../testing/raw-calls.js";
import { deferred } from "../testing/outcomes.js";
import { RawPeer, settings } from "../testing/raw-peer.js";
import { channelCredentials } from "../testing/raw-tls.js";
import { echoClient } from "../testing/echo-client.js";
import {
  CLIENT_PREFACE,
  DEFAULT_WINDOW_SIZE,
  FLAG_ACK,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_PING,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

const LONG = 3_000_000;

/** A peer whose windows are open, and a call whose answer of {@link LONG} bytes it has begun to read. */
async function slowReader(port: number): Promise<[RawPeer, number]> {
  const peer = await RawPeer.open(port);
  peer.send(settings([4, 0x7fff_ffff]), peer.grant(0x7fff_0000));
  const id = openCall(peer, echoPaths.serverStream);
  peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
  await peer.first((each) => each.id === id && each.type === FRAME_DATA);
  peer.socket.pause();
  return [peer, id];
}

const long = {
  async *echoServerStream() {
    for (let sent = 0; sent < LONG; sent += 30_000) yield { text: "x".repeat(30_000), index: 0 };
  },
};

/** Answers the PING of a GOAWAY as it comes. */
async function answerPing(peer: RawPeer): Promise<void> {
  const ping = await peer.first((each) => each.type === FRAME_PING && (each.flags & FLAG_ACK) === 0);
  peer.send(frame(FRAME_PING, FLAG_ACK, 0, ping.payload));
}

/** Reads a little, again and again, and says something each time. */
async function readSlowly(peer: RawPeer): Promise<void> {
  const { socket } = peer;
  while (!peer.closed && !socket.readableEnded) {
    socket.once("data", () => socket.pause());
    socket.resume();
    if (!peer.closed && socket.writable) peer.send(peer.grant(1), frame(FRAME_PING, 0, 0, Buffer.alloc(8)));
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

describe("a client that reads slowly gets all of its answer", () => {
  test("when the server stops", async () => {
    await using served = await startRawServer({ limits: { minPingIntervalMs: 0 } }, long);
    const [peer, id] = await slowReader(served.port);
    using _ = peer;
    const stopped = served.server.drain(20_000);
    const answered = answerPing(peer);
    await readSlowly(peer);
    await answered;
    expect(peer.dataOf(id)).toBeGreaterThan(LONG);
    expect(await peer.goAway()).toBe(ErrorCode.NO_ERROR);
    expect(await stopped).toEqual({ forced: false, cutOff: [] });
  });
  test("when its connection is too old", async () => {
    await using served = await startRawServer(
      { limits: { maxConnectionAgeMs: 50, minPingIntervalMs: 0 } },
      long,
    );
    const [peer, id] = await slowReader(served.port);
    using _ = peer;
    const answered = answerPing(peer);
    await readSlowly(peer);
    await answered;
    expect(peer.dataOf(id)).toBeGreaterThan(LONG);
    expect(await peer.goAway()).toBe(ErrorCode.NO_ERROR);
  });
});

describe("a drained connection is closed by itself", () => {
  test("without calls, and after the last one", async () => {
    await using served = await startRawServer();
    using idle = await RawPeer.open(served.port);
    using busy = await RawPeer.open(served.port);
    const id = openCall(busy);
    await busy.settled();
    const stopped = served.server.drain(20_000);
    await Promise.all([answerPing(idle), answerPing(busy)]);
    await expectGoAway(idle, ErrorCode.NO_ERROR);
    busy.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("last words")));
    expect((await outcome(busy, id)).fields["grpc-status"]).toBe("0");
    await expectGoAway(busy, ErrorCode.NO_ERROR);
    expect(await stopped).toEqual({ forced: false, cutOff: [] });
  });
  test("by our own client, whose call is answered to its end", async () => {
    const begun = deferred();
    await using served = await startRawServer(
      {},
      {
        async echoUnary({ text }) {
          begun.resolve();
          return { text: text.repeat(100) };
        },
      },
    );
    const echo = echoClient(`127.0.0.1:${served.port}`, {}, await channelCredentials());
    const answer = echo.client.echoUnary({ text: "x".repeat(10_000) });
    await begun.promise;
    await served.server.shutdown();
    expect((await answer).text).toHaveLength(1_000_000);
    echo.channel.close();
  });
  test("a peer that neither reads nor closes is cut off after maxLingerMs", async () => {
    await using served = await startRawServer(
      { http2: { maxLingerMs: 50, handshakeTimeoutMs: 1_000 } },
      {
        echoServerStream: async function* () {
          yield { text: "x".repeat(3_000_000), index: 0 };
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    peer.socket.allowHalfOpen = true;
    await goodCall(peer);
    await served.server.shutdown();
    expect(served.server.stats.connectionsOpen).toBe(0);
  });
});

describe("a client that ends its side of the connection", () => {
  test("gets the answers to what it has sent; a request that is not whole is cancelled", async () => {
    const goOn = deferred();
    const cancelled = deferred();
    await using served = await startRawServer(
      {},
      {
        async echoUnary({ text }) {
          await goOn.promise;
          return { text };
        },
        async *echoBidiStream(_requests, { signal }) {
          yield { text: "here" };
          await once(signal, "abort");
          cancelled.resolve();
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    peer.socket.allowHalfOpen = true;
    const open = openCall(peer);
    await peer.first((each) => each.id === open);
    const id = sendCall(peer);
    await peer.settled();
    peer.socket.end();
    await cancelled.promise;
    goOn.resolve();
    expect((await outcome(peer, id)).fields["grpc-status"]).toBe("0");
    await once(peer.socket, "close");
    expect(served.server.stats).toMatchObject({ connectionsOpen: 0, callsSucceeded: 1 });
  });
  test("hears at once of what cannot come to its end: calls that are cut short, later ones, answers without credit", async () => {
    await using served = await startRawServer({}, long);
    using peer = await RawPeer.open(served.port);
    peer.socket.allowHalfOpen = true;
    const upload = openCall(peer, echoPaths.clientStream);
    // More than the window that a client has without a WINDOW_UPDATE.
    const download = openCall(peer, echoPaths.serverStream);
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, download, echoMessage("x")));
    await peer.first(() => peer.dataOf(download) === DEFAULT_WINDOW_SIZE);
    peer.socket.end();
    await once(peer.socket, "close");
    expect(await peer.reset(upload)).toBe(ErrorCode.CANCEL);
    expect(await peer.reset(download)).toBe(ErrorCode.CANCEL);
    const goAway = await peer.first((each) => each.type === FRAME_GOAWAY);
    expect(goAway.payload.readUInt32BE(0)).toBe(download);
    expect(served.server.stats).toMatchObject({ connectionsOpen: 0, callsFailed: 2 });
  });
  test("and is gone: its handlers hear of it", async () => {
    const begun = deferred();
    const aborted = deferred();
    await using served = await startRawServer(
      {},
      {
        async *echoServerStream(_request, { signal }) {
          begun.resolve();
          await once(signal, "abort");
          aborted.resolve();
          yield { text: "", index: 0 };
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer, echoPaths.serverStream);
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, id, echoMessage("x")));
    await begun.promise;
    peer.socket.destroy();
    await aborted.promise;
    expect(served.server.stats.connectionsOpen).toBe(0);
  });
  test("before it has said anything", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.connect(served.port);
    peer.send(CLIENT_PREFACE.subarray(0, 5));
    peer.socket.end();
    await once(peer.socket, "close");
    await served.server.shutdown();
  });
});

describe("a connection that never says what it speaks is closed in time, counted from its accept", () => {
  /** Not `once` of node:events, which rejects if a byte comes behind the close and is answered by a reset. */
  const closed = (socket: Socket): Promise<void> =>
    new Promise((resolve) => socket.once("close", () => resolve()));
  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a part of a TLS handshake", Buffer.of(0x16, 3, 1, 2, 0, 1, 0, 1)],
    ["a part of a preface", CLIENT_PREFACE.subarray(0, 8)],
  ])("%s", async (_, bytes) => {
    await using served = await startRawServer({ http2: { handshakeTimeoutMs: 400 } });
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    socket.resume();
    await closed(socket);
    using peer = await RawPeer.open(served.port);
    await goodCall(peer);
  });
  test("bytes that come one by one gain no time", async () => {
    await using served = await startRawServer({ http2: { handshakeTimeoutMs: 200 } });
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    let sent = 0;
    const hello = Buffer.concat([Buffer.of(0x16, 3, 1, 2, 0, 1), Buffer.alloc(500)]);
    const timer = setInterval(() => socket.write(hello.subarray(sent, ++sent)), 20);
    await closed(socket);
    clearInterval(timer);
    expect(sent).toBeLessThan(400);
  });
});

describe("the life of a server", () => {
  test("shutdown while it begins to listen: it does not listen, and may later", async () => {
    await using served = await startRawServer();
    const { createServer } = await import("../server/create-server.js");
    const server = createServer();
    const listening = server.listen("127.0.0.1:0");
    const stopped = server.shutdown();
    await expect(listening).rejects.toThrow("the server was shut down before it listened");
    await stopped;
    const port = await server.listen("127.0.0.1:0");
    expect(port).not.toBe(served.port);
    const [first, second] = [server.shutdown(), server.listen("127.0.0.1:0")];
    await first;
    const socket = connect(await second, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
    server.forceShutdown();
  });
  test("idleness counts from the end of the last call, not from the last read", async () => {
    const goOn = deferred();
    await using served = await startRawServer(
      { limits: { maxConnectionIdleMs: 1000 } },
      {
        async echoUnary({ text }) {
          await goOn.promise;
          return { text };
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    const id = sendCall(peer);
    await new Promise((resolve) => {
      setTimeout(resolve, 1200);
    });
    const endedAt = performance.now();
    goOn.resolve();
    await outcome(peer, id);
    await answerPing(peer);
    expect(performance.now() - endedAt).toBeGreaterThan(900);
    await expectGoAway(peer, ErrorCode.NO_ERROR);
  });
  test("SETTINGS that are not acknowledged end a connection that is silent, and no other", async () => {
    // A busy machine is silent by itself for a while.
    await using served = await startRawServer({ http2: { handshakeTimeoutMs: 600 } });
    using peer = await RawPeer.connect(served.port);
    peer.acknowledges = false;
    peer.send(CLIENT_PREFACE, settings());
    for (let i = 0; i < 18; i++) {
      await goodCall(peer);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
    await expectGoAway(peer, ErrorCode.SETTINGS_TIMEOUT);
  });
});
