import { randomBytes } from "node:crypto";
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { EchoUnaryRequest, type EchoBidiStreamRequest } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { CLIENT_PREFACE, FRAME_HEADERS, FRAME_RST_STREAM, FRAME_SETTINGS } from "../http2/constants.js";
import type { CallOptions } from "./client-types.js";
import { echoClient } from "../testing/echo-client.js";
import { answer, startHttp2 } from "../testing/http2-peer.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";
import { startRaw } from "../testing/socket-peer.js";

// gRPC over HTTP/2: `grpc-encoding` is for the call, "Compressed-Flag" for each of its messages.

interface SeenRequest {
  encoding: string | undefined;
  messages: [compressed: boolean, text: string][];
}

async function readRequest(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<SeenRequest> {
  const body = Buffer.concat(await collect<Buffer>(stream));
  const messages: SeenRequest["messages"] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const bytes = body.subarray(at + 5, end);
    const compressed = body[at] === 1;
    messages.push([compressed, EchoUnaryRequest.decode(compressed ? gunzipSync(bytes) : bytes).text]);
    at = end;
  }
  return { encoding: headers["grpc-encoding"] as string | undefined, messages };
}

/** Answers whole requests, and keeps what they are on the wire. */
function keepIn(seen: SeenRequest[]) {
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    readRequest(stream, headers).then(
      (request) => {
        seen.push(request);
        answer(stream, "answer");
      },
      () => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    );
  };
}

/** A server that keeps its requests, and a client of it. */
async function connected(channelOptions = {}) {
  const seen: SeenRequest[] = [];
  const peer = await startHttp2(keepIn(seen));
  const echo = echoClient(peer.address, channelOptions);
  return {
    seen,
    client: echo.client,
    [Symbol.asyncDispose]: async () => {
      echo[Symbol.dispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** A server that answers whole requests, and keeps how each one was closed. */
async function closing() {
  const closed: Promise<{ bytes: number; code: number }>[] = [];
  const peer = await startHttp2((stream) => {
    let bytes = 0;
    const { promise, resolve } = deferred<{ bytes: number; code: number }>();
    closed.push(promise);
    stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
    stream.on("close", () => resolve({ bytes, code: stream.rstCode }));
    stream.on("end", () => {
      if (!stream.destroyed && stream.rstCode === 0) answer(stream, "answer");
    });
  });
  return { ...peer, closed };
}

/** The types of the frames that are not the connection's. */
function typesOfStreams(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes.readUInt32BE(at + 5) !== 0) types.push(bytes[at + 3]!);
  }
  return types;
}

async function* texts(...all: string[]): AsyncIterable<{ text: string }> {
  for (const text of all) yield { text };
}

const isLong = (message: unknown): boolean => (message as { text: string }).text.length > 5;
/** More than a window, so that what comes behind it has to wait. */
const LONG = "long".repeat(100_000);

describe("compressMessage", () => {
  test("chooses for the message of a unary call, the very one that the caller gave", async () => {
    await using peers = await connected();
    for (const compressed of [true, false]) {
      const message = { text: "a" };
      const asked: unknown[] = [];
      const compressMessage = (one: unknown): boolean => {
        asked.push(one);
        return compressed;
      };
      await peers.client.echoUnary(message, { compression: "gzip", compressMessage });
      expect(asked).toHaveLength(1);
      expect(asked[0]).toBe(message);
    }
    expect(peers.seen).toEqual([
      { encoding: "gzip", messages: [[true, "a"]] },
      { encoding: "gzip", messages: [[false, "a"]] },
    ]);
  });

  test("chooses for each message of a stream, and they keep their order", async () => {
    await using peers = await connected();
    const all = ["a", LONG, "b", "b", `${LONG}.`, "c"];
    const options: CallOptions = { compression: "gzip", compressMessage: isLong };
    await peers.client.echoClientStream(texts(...all), options);
    await peers.client.echoClientStream(texts(...all), {
      ...options,
      compressMessage: (one) => !isLong(one),
    });
    expect(peers.seen).toEqual([
      { encoding: "gzip", messages: all.map((text) => [text.length > 5, text]) },
      { encoding: "gzip", messages: all.map((text) => [text.length <= 5, text]) },
    ]);
  });

  test("left out means all", async () => {
    await using peers = await connected();
    await peers.client.echoUnary({ text: "a" }, { compression: "gzip" });
    await peers.client.echoClientStream(texts("a", "b"), { compression: "gzip" });
    const messages = [
      [true, "a"],
      [true, "b"],
    ];
    expect(peers.seen.map((each) => each.messages)).toEqual([messages.slice(0, 1), messages]);
  });

  test("is not asked where nothing is compressed, and is where the channel says so", async () => {
    const compressMessage = (): boolean => {
      throw new Error("asked");
    };
    await using plain = await connected();
    await plain.client.echoUnary({ text: "a" }, { compressMessage });
    await plain.client.echoClientStream(texts("a", "b"), { compressMessage, compression: "identity" });
    expect(plain.seen).toEqual([
      { encoding: undefined, messages: [[false, "a"]] },
      {
        encoding: undefined,
        messages: [
          [false, "a"],
          [false, "b"],
        ],
      },
    ]);
    await using gzip = await connected({ "grpc.default_compression_algorithm": 2 });
    await gzip.client.echoUnary({ text: "a" }, { compressMessage: isLong });
    expect(gzip.seen).toEqual([{ encoding: "gzip", messages: [[false, "a"]] }]);
  });

  test("that throws ends the call with its error, and the source of its messages is told", async () => {
    const error = new Error("cannot choose");
    const compressMessage = (): boolean => {
      throw error;
    };
    await using peer = await closing();
    using echo = echoClient(peer.address);
    const returned = deferred();
    async function* requests() {
      try {
        yield { text: "a" };
        yield { text: "b" };
      } finally {
        returned.resolve();
      }
    }
    const options: CallOptions = { compression: "gzip", compressMessage };
    expect(await failureOf(echo.client.echoUnary({ text: "a" }, options))).toBe(error);
    expect(await failureOf(echo.client.echoClientStream(requests(), options))).toBe(error);
    await returned.promise;
    // The server has seen both when it has answered what came behind them.
    await echo.client.echoUnary({ text: "" });
    const cancelled = { bytes: 0, code: constants.NGHTTP2_CANCEL };
    expect(await Promise.all(peer.closed.slice(0, 2))).toEqual([cancelled, cancelled]);
  });

  test.each([true, false])(
    "may end the call: nothing is sent then, whether it says %s",
    async (compressed) => {
      const received: Buffer[] = [];
      const closed = deferred();
      await using peer = await startRaw((socket) => {
        socket.write(frame(FRAME_SETTINGS, 0, 0));
        socket.on("data", (chunk: Buffer) => received.push(chunk));
        socket.on("close", () => closed.resolve());
      });
      const echo = echoClient(peer.address);
      const controller = new AbortController();
      const compressMessage = (): boolean => {
        controller.abort();
        return compressed;
      };
      const options: CallOptions = { compression: "gzip", compressMessage, signal: controller.signal };
      const error = await failureOf(echo.client.echoUnary({ text: "a" }, options));
      expect(error.name).toBe("AbortError");
      echo[Symbol.dispose]();
      await closed.promise;
      const frames = typesOfStreams(Buffer.concat(received).subarray(CLIENT_PREFACE.length));
      expect(frames).toEqual([FRAME_HEADERS, FRAME_RST_STREAM]);
    },
  );
});

test("a call that is refused while its message is compressed sends it once, on its new stream", async () => {
  let refused = false;
  const seen: SeenRequest[] = [];
  await using peer = await startHttp2((stream, headers) => {
    if (refused) keepIn(seen)(stream, headers);
    else stream.close(constants.NGHTTP2_REFUSED_STREAM);
    refused = true;
  });
  using echo = echoClient(peer.address);
  // It takes much longer to compress than to be refused.
  const text = randomBytes(4 << 20).toString("hex");
  expect(await echo.client.echoUnary({ text }, { compression: "gzip" })).toEqual({ text: "answer" });
  expect(seen[0]!.messages.map(([compressed, { length }]) => [compressed, length])).toEqual([
    [true, text.length],
  ]);
});

test("short messages may stay as they are", async () => {
  await using peers = await connected();
  const { client } = peers;
  const requests = texts("short", LONG);
  const answers = client.echoBidiStream(requests, {
    compression: "gzip",
    compressMessage: (message) => (message as EchoBidiStreamRequest).text.length > 1000,
  });
  expect(await collect(answers)).toEqual([{ text: "answer" }]);
  expect(peers.seen[0]!.messages).toEqual([
    [false, "short"],
    [true, LONG],
  ]);
});
