import { gzipSync } from "node:zlib";
import { constants, type ServerHttp2Stream } from "node:http2";
import { describe, expect, test } from "@jest/globals";
import { frame, lengthPrefixed } from "@callwire/testkit/wire";
import { Metadata, Status } from "nice-grpc-common";
import { channelStats } from "./channel.js";
import { echoClient } from "../testing/echo-client.js";
import { answer, echoOf, startHttp2 } from "../testing/http2-peer.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";
import { startRaw } from "../testing/socket-peer.js";

const grpc = { ":status": 200, "content-type": "application/grpc" };
const EMPTY_SETTINGS = frame(4, 0, 0);

/** What a unary call fails with at a server that answers like this. */
async function failureAt(onStream: (stream: ServerHttp2Stream) => void) {
  await using peer = await startHttp2(onStream);
  using echo = echoClient(peer.address);
  return await failureOf(echo.client.echoUnary({ text: "a" }));
}

/** Answers with these messages and trailers. */
function respond(
  stream: ServerHttp2Stream,
  body: Buffer,
  trailers: Record<string, string>,
  headers = {},
): void {
  stream.respond({ ...grpc, ...headers }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end(body);
}

describe("responses that are not what gRPC says", () => {
  test.each([
    ["400", Status.INTERNAL],
    ["401", Status.UNAUTHENTICATED],
    ["403", Status.PERMISSION_DENIED],
    ["404", Status.UNIMPLEMENTED],
    ["429", Status.UNAVAILABLE],
    ["502", Status.UNAVAILABLE],
    ["503", Status.UNAVAILABLE],
    ["504", Status.UNAVAILABLE],
    ["500", Status.UNKNOWN],
  ])("HTTP status %s, with a page and without", async (status, code) => {
    for (const page of ["", "<html>no</html>"]) {
      const error = await failureAt((stream) => {
        stream.respond(
          { ":status": Number(status), "content-type": "text/html" },
          { endStream: page === "" },
        );
        if (page !== "") stream.end(page);
      });
      const what = `HTTP status ${status}, content-type "text/html"${page === "" ? "" : `: ${page}`}`;
      expect([error.code, error.details]).toEqual([code, what]);
    }
  });

  test("a page with HTTP status 200", async () => {
    const error = await failureAt((stream) => {
      stream.respond({ ":status": 200, "content-type": "text/html" });
      stream.end("<html>hello</html>");
    });
    expect(error.code).toBe(Status.UNKNOWN);
    expect(error.details).toContain("text/html");
  });

  test("trailers alone carry the status, whatever HTTP says", async () => {
    const error = await failureAt((stream) =>
      stream.respond({ ":status": 404, "grpc-status": "7", "grpc-message": "no%21" }, { endStream: true }),
    );
    expect([error.code, error.details]).toEqual([Status.PERMISSION_DENIED, "no!"]);
  });

  test("an error of gRPC whose HTTP status is not 200: its grpc-status counts", async () => {
    const status = { "grpc-status": "5", "grpc-message": "no such user" };
    for (const httpStatus of [404, 500]) {
      const head = { ":status": httpStatus };
      const inTrailers = await failureAt((stream) => respond(stream, Buffer.alloc(0), status, head));
      expect([inTrailers.code, inTrailers.details]).toEqual([Status.NOT_FOUND, "no such user"]);
      const behindBody = await failureAt((stream) =>
        respond(stream, lengthPrefixed(echoOf("a")), status, head),
      );
      expect([behindBody.code, behindBody.details]).toEqual([Status.NOT_FOUND, "no such user"]);
      const inHeader = await failureAt((stream) => {
        stream.respond({ ...grpc, ...head, ...status });
        stream.end();
      });
      expect([inHeader.code, inHeader.details]).toEqual([Status.NOT_FOUND, "no such user"]);
    }
    // It is no success, and no status of a page's.
    const ok = await failureAt((stream) =>
      respond(stream, lengthPrefixed(echoOf("a")), { "grpc-status": "0" }, { ":status": 503 }),
    );
    expect(ok.code).toBe(Status.UNAVAILABLE);
    const page = await failureAt((stream) =>
      respond(stream, Buffer.from("no"), status, { ":status": 503, "content-type": "text/plain" }),
    );
    expect(page.code).toBe(Status.UNAVAILABLE);
  });

  test("trailers without grpc-status", async () => {
    const error = await failureAt((stream) => respond(stream, lengthPrefixed(echoOf("a")), { other: "x" }));
    expect(error.code).toBe(Status.UNKNOWN);
  });

  test("no trailers at all", async () => {
    const error = await failureAt((stream) => {
      stream.respond(grpc);
      stream.end(lengthPrefixed(echoOf("a")));
    });
    expect(error.code).toBe(Status.UNKNOWN);
  });

  test("a grpc-status in the header of a body that has no trailers", async () => {
    const error = await failureAt((stream) => {
      stream.respond({ ...grpc, "grpc-status": "0" });
      stream.end(lengthPrefixed(echoOf("a")));
    });
    expect([error.code, error.details]).toEqual([Status.UNKNOWN, "the response has no grpc-status"]);
  });

  test("a grpc-status in a header, and then the end without a body", async () => {
    const error = await failureAt((stream) => {
      stream.respond({ ...grpc, "grpc-status": "7" });
      stream.end();
    });
    expect(error.code).toBe(Status.PERMISSION_DENIED);
  });

  test("a grpc-status that nobody knows", async () => {
    expect(
      (await failureAt((stream) => respond(stream, Buffer.alloc(0), { "grpc-status": "99" }))).code,
    ).toBe(Status.UNKNOWN);
  });

  test("informational responses are passed over", async () => {
    await using peer = await startHttp2((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</x>" });
      answer(stream, "b");
    });
    using echo = echoClient(peer.address);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
  });

  test("no message, and two of them", async () => {
    const none = await failureAt((stream) => respond(stream, Buffer.alloc(0), { "grpc-status": "0" }));
    expect(none.code).toBe(Status.UNIMPLEMENTED);
    const message = lengthPrefixed(echoOf("a"));
    const two = await failureAt((stream) =>
      respond(stream, Buffer.concat([message, message]), { "grpc-status": "0" }),
    );
    expect(two.code).toBe(Status.UNIMPLEMENTED);
  });

  test("a message that is cut off", async () => {
    const error = await failureAt((stream) =>
      respond(stream, lengthPrefixed(echoOf("abc")).subarray(0, 7), { "grpc-status": "0" }),
    );
    expect(error.code).toBe(Status.INTERNAL);
  });

  test("a message that claims 4 GiB", async () => {
    const error = await failureAt((stream) =>
      respond(stream, Buffer.from([0, 255, 255, 255, 255, 1]), { "grpc-status": "0" }),
    );
    expect(error.code).toBe(Status.RESOURCE_EXHAUSTED);
  });

  test("a message that is not protobuf", async () => {
    const error = await failureAt((stream) =>
      respond(stream, lengthPrefixed(Buffer.from([0x0a, 0x7f])), { "grpc-status": "0" }),
    );
    expect(error.code).toBe(Status.INTERNAL);
    expect(error.cause).toBeDefined();
  });

  test("a header list over 16 KiB", async () => {
    const error = await failureAt((stream) => {
      stream.respond({
        ...grpc,
        ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`x-${i}`, "v".repeat(1000)])),
      });
    });
    expect(error.code).toBe(Status.RESOURCE_EXHAUSTED);
  });
});

describe("compressed responses", () => {
  const compressed = lengthPrefixed(gzipSync(echoOf("hello")), { flag: 1 });
  const gzip = { "grpc-encoding": "gzip" };

  test("are read, in their order with those that are not", async () => {
    await using peer = await startHttp2((stream) => {
      const plain = lengthPrefixed(echoOf("plain"));
      respond(stream, Buffer.concat([compressed, plain, compressed, plain]), { "grpc-status": "0" }, gzip);
    });
    using echo = echoClient(peer.address);
    const answers = await collect(echo.client.echoBidiStream((async function* () {})()));
    expect(answers.map(({ text }) => text)).toEqual(["hello", "plain", "hello", "plain"]);
  });

  test("of an encoding that was not offered, or none", async () => {
    for (const headers of [{}, { "grpc-encoding": "snappy" }]) {
      const error = await failureAt((stream) => respond(stream, compressed, { "grpc-status": "0" }, headers));
      expect(error.code).toBe(Status.INTERNAL);
    }
  });

  test("that are no gzip", async () => {
    const error = await failureAt((stream) =>
      respond(stream, lengthPrefixed(Buffer.from("garbage"), { flag: 1 }), { "grpc-status": "0" }, gzip),
    );
    expect(error.code).toBe(Status.INTERNAL);
  });

  test("that grow over the limit", async () => {
    const bomb = lengthPrefixed(gzipSync(Buffer.alloc(5 * 1024 * 1024)), { flag: 1 });
    const error = await failureAt((stream) => respond(stream, bomb, { "grpc-status": "0" }, gzip));
    expect(error.code).toBe(Status.RESOURCE_EXHAUSTED);
  });
});

describe("streams that are reset", () => {
  test.each([
    ["NGHTTP2_NO_ERROR", Status.INTERNAL],
    ["NGHTTP2_INTERNAL_ERROR", Status.INTERNAL],
    ["NGHTTP2_CANCEL", Status.CANCELLED],
    ["NGHTTP2_ENHANCE_YOUR_CALM", Status.RESOURCE_EXHAUSTED],
    ["NGHTTP2_INADEQUATE_SECURITY", Status.PERMISSION_DENIED],
  ] as const)("with %s", async (name, code) => {
    const error = await failureAt((stream) => stream.close(constants[name]));
    expect(error.code).toBe(code);
  });

  test("refused once is sent again, refused twice is UNAVAILABLE", async () => {
    let seen = 0;
    let refusals = 1;
    await using peer = await startHttp2((stream) => {
      seen++;
      if (refusals-- > 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else answer(stream, "b");
    });
    using echo = echoClient(peer.address);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
    expect(seen).toBe(2);
    refusals = 2;
    expect((await failureOf(echo.client.echoUnary({ text: "a" }))).code).toBe(Status.UNAVAILABLE);
    expect(seen).toBe(4);
  });

  test("by a server that answers before the request is complete, the answer counts", async () => {
    const closed = deferred<number>();
    await using peer = await startHttp2((stream) => {
      answer(stream, "early");
      stream.on("close", () => closed.resolve(stream.rstCode));
    });
    using echo = echoClient(peer.address);
    const forever: AsyncIterable<{ text: string }> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    expect(await echo.client.echoClientStream(forever)).toMatchObject({ text: "early" });
    expect(await closed.promise).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe("connections", () => {
  test("that are lost end their calls with UNAVAILABLE, and the next call connects again", async () => {
    let drop = true;
    await using peer = await startHttp2((stream) => {
      if (drop) stream.session!.destroy();
      else answer(stream, "b");
    });
    using echo = echoClient(peer.address);
    const error = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain(peer.address);
    drop = false;
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
  });

  test("that go away after a call let it end; later ones, and those not seen, use another connection", async () => {
    const streams: ServerHttp2Stream[] = [];
    const arrived = deferred();
    await using peer = await startHttp2((stream) => {
      if (streams.push(stream) === 1) arrived.resolve();
      else answer(stream, "second");
    });
    using echo = echoClient(peer.address);
    const first = echo.client.echoUnary({ text: "a" });
    await arrived.promise;
    // The server has not seen what comes after the first stream.
    streams[0]!.session!.goaway(constants.NGHTTP2_NO_ERROR, 1);
    const second = echo.client.echoUnary({ text: "b" });
    expect(await second).toEqual({ text: "second" });
    expect(peer.sessions.size).toBe(2);
    answer(streams[0]!, "first");
    expect(await first).toEqual({ text: "first" });
  });

  test("whose server says why it goes: the error repeats it", async () => {
    await using peer = await startHttp2((stream) => {
      const { session } = stream;
      session!.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 1, Buffer.from("slow_down"));
      setImmediate(() => session!.destroy());
    });
    using echo = echoClient(peer.address);
    const error = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain("ENHANCE_YOUR_CALM: slow_down");
  });

  test("hold the calls that the server's limit does not let in, over a pool and then in a line", async () => {
    let most = 0;
    const open = new Map<object, number>();
    await using peer = await startHttp2(
      (stream) => {
        const { session } = stream;
        open.set(session!, (open.get(session!) ?? 0) + 1);
        most = Math.max(most, open.get(session!)!);
        setImmediate(() => {
          open.set(session!, open.get(session!)! - 1);
          answer(stream, "b");
        });
      },
      { maxConcurrentStreams: 1 },
    );
    using echo = echoClient(peer.address, { maxConnections: 3 });
    const calls = Array.from({ length: 50 }, () => echo.client.echoUnary({ text: "a" }));
    expect(channelStats(echo.channel).callsWaiting).toBe(50);
    expect(await Promise.all(calls)).toHaveLength(50);
    expect(most).toBe(1);
    expect(peer.sessions.size).toBe(3);
  });

  test("with a window of 0: the request waits until it opens", async () => {
    await using peer = await startRaw((socket) => {
      // SETTINGS_INITIAL_WINDOW_SIZE 0.
      socket.write(frame(4, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])));
      let received = Buffer.alloc(0);
      let opened = false;
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        const types = frameTypes(received.subarray(24));
        if (types.includes("1:1") && !opened) {
          opened = true;
          expect(types).not.toContain("0:1");
          // A byte at a time, as far as the message needs.
          for (let i = 0; i < 8; i++) socket.write(frame(8, 0, 1, Buffer.from([0, 0, 0, 1])));
        }
        // In one frame or in several.
        if (dataLength(received.subarray(24)) === 8) {
          // :status 200, content-type; then grpc-status 0.
          socket.write(
            Buffer.concat([
              frame(
                1,
                4,
                1,
                Buffer.concat([Buffer.from([0x88]), literal("content-type", "application/grpc")]),
              ),
              frame(0, 0, 1, lengthPrefixed(echoOf("b"))),
              frame(1, 5, 1, literal("grpc-status", "0")),
            ]),
          );
        }
      });
    });
    using echo = echoClient(peer.address);
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "b" });
  });

  test.each([
    ["garbage", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not seem to be a gRPC server"],
    ["an end", undefined, "the peer closed the connection"],
  ])("that begin with %s are failures to connect", async (_, first, why) => {
    await using peer = await startRaw((socket) => {
      if (first === undefined) socket.end();
      else socket.write(first);
    });
    using echo = echoClient(peer.address);
    const error = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain(why);
    expect(error.details).toContain(peer.address);
  });

  test("that never answer are given up in time", async () => {
    await using peer = await startRaw(() => {});
    using echo = echoClient(peer.address, { "grpc.min_reconnect_backoff_ms": 50 });
    const error = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain("no connection within 50 ms");
    expect(peer.sockets.size).toBeLessThanOrEqual(1);
  });

  test.each([
    ["DATA before HEADERS", frame(0, 1, 1, lengthPrefixed(echoOf("a"))), Status.INTERNAL],
    ["HEADERS on an even stream", frame(1, 5, 2, Buffer.from([0x88])), Status.UNAVAILABLE],
    ["PUSH_PROMISE", frame(5, 4, 1, Buffer.from([0, 0, 0, 2, 0x88])), Status.UNAVAILABLE],
    ["a header block that is no HPACK", frame(1, 5, 1, Buffer.from([0x80])), Status.UNAVAILABLE],
    ["a frame over 16 KiB", frame(0, 0, 1, Buffer.alloc(16_385)), Status.UNAVAILABLE],
    ["trailers with :status", Buffer.concat([ok(), frame(1, 5, 1, Buffer.from([0x88]))]), Status.INTERNAL],
    ["headers in the middle", Buffer.concat([ok(), frame(1, 4, 1, literal("a", "b"))]), Status.INTERNAL],
  ])("whose server breaks HTTP/2: %s", async (_, answerBytes, code) => {
    await using peer = await startRaw((socket) => {
      socket.write(EMPTY_SETTINGS);
      let sent = false;
      let received = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (sent || !frameTypes(received.subarray(24)).includes("0:1")) return;
        sent = true;
        socket.write(answerBytes);
      });
    });
    using echo = echoClient(peer.address);
    expect((await failureOf(echo.client.echoUnary({ text: "a" }))).code).toBe(code);
  });
});

test("a slow reader stops the server", async () => {
  const message = lengthPrefixed(echoOf("x".repeat(16 * 1024)));
  let sent = 0;
  await using peer = await startHttp2((stream) => {
    stream.respond(grpc);
    const write = () => {
      while (sent < 2000) {
        sent++;
        if (!stream.write(message)) {
          stream.once("drain", write);
          return;
        }
      }
      stream.end();
    };
    write();
  });
  using echo = echoClient(peer.address);
  const answers = echo.client.echoServerStream({ text: "", count: 1 })[Symbol.asyncIterator]();
  await answers.next();
  // Other calls on the connection go on; as soon as one is through, all that the server may send has come.
  let before = -1;
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  // The stream's window, and what node:http2 keeps by itself.
  expect(sent * message.length).toBeLessThan(2 * 1024 * 1024);
  for (let i = 0; i < 200; i++) await answers.next();
  expect(sent).toBeGreaterThan(before);
  await answers.return!();
});

test("headers of a quiet stream are told at once", async () => {
  await using peer = await startHttp2((stream) => stream.respond({ ...grpc, "x-first": "1" }));
  using echo = echoClient(peer.address);
  const header = deferred<Metadata>();
  const stream = echo.client.echoServerStream({ text: "", count: 1 }, { onHeader: header.resolve });
  const answers = stream[Symbol.asyncIterator]();
  const next = answers.next();
  expect((await header.promise).get("x-first")).toBe("1");
  await answers.return!();
  expect((await next).done).toBe(true);
});

/** A header field, literal without indexing (RFC 7541, section 6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

/** The headers of a gRPC response. */
function ok(): Buffer {
  return frame(1, 4, 1, Buffer.concat([Buffer.from([0x88]), literal("content-type", "application/grpc")]));
}

/** The frames in these bytes, each as `type:stream`. */
function frameTypes(bytes: Buffer): string[] {
  const types: string[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    types.push(`${bytes[at + 3]}:${bytes.readUInt32BE(at + 5)}`);
    at = end;
  }
  return types;
}

/** How many bytes of DATA the frames carry. */
function dataLength(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3);
    if (bytes[at + 3] === 0 && at + 9 + length <= bytes.length) sum += length;
    at += 9 + length;
  }
  return sum;
}
