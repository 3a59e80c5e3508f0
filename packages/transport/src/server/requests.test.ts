import { gzipSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest, echoService } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import { start, type StartedServer } from "../testing/echo-server.js";
import { rawClient, type RawAnswer, type RawClient } from "../testing/raw-client.js";
import { MAX_QUEUED_MESSAGES } from "../grpc/message-source.js";

// What comes over the wire, sent without a gRPC library between.
const UNARY = "/callwire.echo.v1.EchoService/EchoUnary";
const SERVER_STREAM = "/callwire.echo.v1.EchoService/EchoServerStream";
const CLIENT_STREAM = "/callwire.echo.v1.EchoService/EchoClientStream";

let started: StartedServer;
let client: RawClient;
beforeAll(async () => {
  started = await start(
    (server) =>
      server.add(EchoServiceDefinition, {
        ...echoService(),
        async echoUnary({ text }, context) {
          if (text === "compressed") context.compressResponses(true);
          return { text };
        },
        async *echoServerStream({ text }, context) {
          context.compressResponses(true);
          yield { text, index: 0 };
          context.compressResponses(false);
          yield { text, index: 1 };
          context.compressResponses(true);
          yield { text, index: 2 };
        },
      }),
    { limits: { maxReceiveMessageBytes: 1 << 20 } },
  );
  client = rawClient(started.address);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await started[Symbol.asyncDispose]();
});

const request = (text: string): Buffer =>
  Buffer.from(EchoUnaryRequest.encode({ text, fault: undefined }).finish());
const textOf = (answer: RawAnswer): string => EchoUnaryRequest.decode(answer.messages[0]![1]).text;
const failed = (code: Status, message?: string) => ({
  trailers: expect.objectContaining({
    "grpc-status": String(code),
    ...(message !== undefined && { "grpc-message": message }),
  }),
});

describe("the request's headers", () => {
  test.each(["application/grpc", "application/grpc+proto", "application/grpc;x=y", "application/grpc+json"])(
    "of content type %s are taken",
    async (type) => {
      const answer = await client.call(UNARY, { "content-type": type }, lengthPrefixed(request("a")));
      expect(answer).toMatchObject(failed(Status.OK));
      expect(textOf(answer)).toBe("a");
    },
  );

  test("of another content type are 415", async () => {
    for (const type of ["application/json", "application/grpcfoo", "application/grpc-web"]) {
      const answer = await client.call(UNARY, { "content-type": type }, lengthPrefixed(request("a")));
      expect(answer.headers[":status"]).toBe(415);
    }
  });

  test("of another HTTP method are 405", async () => {
    for (const method of ["GET", "HEAD", "PUT"]) {
      const answer = await client.call(UNARY, { ":method": method });
      expect(answer.headers).toMatchObject({ ":status": 405, allow: "POST" });
    }
  });

  test("name a method that is not there: UNIMPLEMENTED, and the path is not echoed", async () => {
    for (const path of ["/no.Such/Method", "/", "*", `/${"x".repeat(8000)}`]) {
      const answer = await client.call(path, {}, lengthPrefixed(request("a")));
      expect(answer).toMatchObject(failed(Status.UNIMPLEMENTED, "the method is not implemented"));
    }
  });

  test.each(["1", "S", "1s", "-1S", "123456789m", "1.5S", "0x1S", "1SS", ""])(
    "with grpc-timeout '%s' are refused",
    async (timeout) => {
      const answer = await client.call(UNARY, { "grpc-timeout": timeout }, lengthPrefixed(request("a")));
      expect(answer).toMatchObject(failed(Status.INTERNAL, "grpc-timeout is malformed"));
    },
  );

  test.each(["99999999n", "99999999u", "10000m", "10S", "1M", "1H", "99999999H", "720H"])(
    "with grpc-timeout %s are served",
    async (timeout) => {
      const answer = await client.call(UNARY, { "grpc-timeout": timeout }, lengthPrefixed(request("a")));
      expect(answer).toMatchObject(failed(Status.OK));
    },
  );

  test("with a deadline that has passed are DEADLINE_EXCEEDED, and no handler runs", async () => {
    const before = started.server.stats.callsSucceeded;
    for (const timeout of ["0n", "0m", "00000000H"]) {
      const answer = await client.call(UNARY, { "grpc-timeout": timeout }, lengthPrefixed(request("a")));
      expect(answer).toMatchObject(failed(Status.DEADLINE_EXCEEDED));
    }
    expect(started.server.stats.callsSucceeded).toBe(before);
  });

  test("with bad base64 in a binary field are INTERNAL", async () => {
    for (const value of ["%", "a", "a===", "YQ==YQ", "a b"]) {
      const answer = await client.call(UNARY, { "x-bin": value }, lengthPrefixed(request("a")));
      expect(answer).toMatchObject(failed(Status.INTERNAL, "a binary header is not base64"));
    }
  });
});

test("of binary values more than a hundred and twenty-eight are refused, however they are spread", async () => {
  const fields = (count: number, each: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}-bin`, each]));
  const ask = (headers: Record<string, string>) => client.call(UNARY, headers, lengthPrefixed(request("a")));
  const refused = failed(Status.RESOURCE_EXHAUSTED, "more than 128 binary header values");
  expect(await ask(fields(1, ",".repeat(4000)))).toMatchObject(refused);
  expect(await ask(fields(2, `${"AQ,".repeat(64)}AQ`))).toMatchObject(refused);
  expect(await ask(fields(2, `${"AQ,".repeat(63)}AQ`))).toMatchObject(failed(Status.OK));
});

describe("the request's messages", () => {
  test("may be cut at every position", async () => {
    const whole = lengthPrefixed(request("position"));
    for (let at = 0; at <= whole.length; at++) {
      const answer = await client.call(UNARY, {}, whole.subarray(0, at), whole.subarray(at));
      expect(textOf(answer)).toBe("position");
    }
  });

  test("may come byte by byte, several in a frame, and empty", async () => {
    const all = Buffer.concat([
      lengthPrefixed(request("a")),
      lengthPrefixed(Buffer.alloc(0)),
      lengthPrefixed(request("b")),
    ]);
    const bytes = Array.from(all, (byte) => Buffer.from([byte]));
    for (const parts of [[all], bytes, [all.subarray(0, 9), all.subarray(9)]]) {
      const answer = await client.call(CLIENT_STREAM, {}, ...parts);
      expect(textOf(answer)).toBe("a,,b");
    }
  });

  test("may be as long as the limit, and no longer; nothing is allocated for the claim", async () => {
    const at = request("x".repeat((1 << 20) - 4));
    expect(at.length).toBe(1 << 20);
    expect(await client.call(UNARY, {}, lengthPrefixed(at))).toMatchObject(failed(Status.OK));
    const claim = Buffer.from([0, 0xff, 0xff, 0xff, 0xff]);
    for (const path of [UNARY, CLIENT_STREAM]) {
      expect(await client.call(path, {}, claim)).toMatchObject(
        failed(Status.RESOURCE_EXHAUSTED, "a message of 4294967295 bytes, where 1048576 are allowed"),
      );
    }
  });

  test("stay as they were while they wait for a slow handler, more of them in a frame than are decoded", async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const service = echoService();
    await using slow = await start((server) =>
      server.add(EchoServiceDefinition, {
        ...service,
        async echoClientStream(requests, context) {
          await released;
          return await service.echoClientStream(requests, context);
        },
      }),
    );
    using one = rawClient(slow.address);
    using other = rawClient(slow.address);
    // The first read of a connection has memory of its own.
    await one.call(UNARY, {}, lengthPrefixed(request("first")));
    const texts = Array.from({ length: 1600 }, (_, index) => `${1000 + index}`);
    const frame = Buffer.concat(texts.map((text) => lengthPrefixed(request(text))));
    const answer = one.call(CLIENT_STREAM, {}, frame.subarray(0, 16_000), frame.subarray(16_000));
    while (slow.server.stats.messagesReceived < MAX_QUEUED_MESSAGES) await new Promise(setImmediate);
    await other.call(UNARY, {}, lengthPrefixed(request("x".repeat(60_000))));
    release();
    expect(textOf(await answer)).toBe(texts.join(","));
  });

  test("must be one for a method that takes one", async () => {
    expect(await client.call(UNARY)).toMatchObject(
      failed(Status.UNIMPLEMENTED, "the request has no message"),
    );
    const two = Buffer.concat([lengthPrefixed(request("a")), lengthPrefixed(request("b"))]);
    expect(await client.call(UNARY, {}, two)).toMatchObject(failed(Status.UNIMPLEMENTED));
  });

  test("must be whole", async () => {
    for (const path of [UNARY, CLIENT_STREAM]) {
      for (const cut of [1, 5, 6]) {
        const answer = await client.call(path, {}, lengthPrefixed(request("abc")).subarray(0, cut));
        expect(answer).toMatchObject(failed(Status.INTERNAL, "the request ends inside a message"));
      }
    }
  });

  test("must be protobuf, or their call alone fails", async () => {
    const bad = lengthPrefixed(Buffer.from([0x0a, 0x7f, 0x61]));
    for (const path of [UNARY, CLIENT_STREAM, SERVER_STREAM]) {
      const [answer, other] = await Promise.all([
        client.call(path, {}, bad),
        client.call(UNARY, {}, lengthPrefixed(request("fine"))),
      ]);
      expect(answer).toMatchObject(failed(Status.INTERNAL));
      expect(answer.trailers["grpc-message"]).toMatch(/^the request message cannot be decoded/);
      expect(textOf(other)).toBe("fine");
    }
  });

  test("have no other flags than compression", async () => {
    expect(await client.call(UNARY, {}, lengthPrefixed(request("a"), { flag: 2 }))).toMatchObject(
      failed(Status.INTERNAL),
    );
  });
});

describe("compression", () => {
  const gzip = { "grpc-encoding": "gzip" };

  test("of requests, each for itself", async () => {
    const plain = lengthPrefixed(request("plain"));
    const small = lengthPrefixed(gzipSync(request("small")), { flag: 1 });
    expect(textOf(await client.call(UNARY, gzip, small))).toBe("small");
    const parts = [small, plain, small, plain];
    for (const data of [parts, [Buffer.concat(parts)]]) {
      expect(textOf(await client.call(CLIENT_STREAM, gzip, ...data))).toBe("small,plain,small,plain");
    }
  });

  test("of more messages than fit in memory when they are not compressed", async () => {
    const large = lengthPrefixed(gzipSync(request("x".repeat(1 << 19))), { flag: 1 });
    const answer = await client.call(CLIENT_STREAM, gzip, ...Array.from({ length: 50 }, () => large));
    // 50 halves of a MiB joined.
    expect(textOf(answer)).toHaveLength(50 * (1 << 19) + 49);
  });

  test("by an unknown encoding is UNIMPLEMENTED, with those that we know", async () => {
    const answer = await client.call(
      UNARY,
      { "grpc-encoding": "br" },
      lengthPrefixed(request("a"), { flag: 1 }),
    );
    expect(answer).toMatchObject(
      failed(Status.UNIMPLEMENTED, "the message encoding is not known: identity,gzip are"),
    );
    expect(answer.trailers["grpc-accept-encoding"]).toBe("identity,gzip");
  });

  test("without its header, or of what is not gzip, is INTERNAL", async () => {
    const one = lengthPrefixed(gzipSync(request("a")), { flag: 1 });
    expect(await client.call(UNARY, {}, one)).toMatchObject(failed(Status.INTERNAL));
    for (const path of [UNARY, CLIENT_STREAM]) {
      const answer = await client.call(path, gzip, lengthPrefixed(request("not gzip"), { flag: 1 }));
      expect(answer).toMatchObject(failed(Status.INTERNAL));
    }
  });

  test("of a bomb is RESOURCE_EXHAUSTED, without the memory for it", async () => {
    // 500 MB of zeros in members of 1 MB, which gzip puts together.
    const member = gzipSync(Buffer.alloc(1_000_000));
    const bomb = lengthPrefixed(Buffer.concat(Array.from({ length: 500 }, () => member)), { flag: 1 });
    const before = process.memoryUsage().rss;
    for (const path of [UNARY, CLIENT_STREAM]) {
      const answer = await client.call(path, gzip, bomb);
      expect(answer).toMatchObject(
        failed(Status.RESOURCE_EXHAUSTED, "a message of more than 1048576 bytes, decompressed"),
      );
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
  });

  test("of responses, as the handler chooses, for clients that take it", async () => {
    const accepts = { "grpc-accept-encoding": "identity,deflate,gzip" };
    const answer = await client.call(UNARY, accepts, lengthPrefixed(request("compressed")));
    expect(answer.headers["grpc-encoding"]).toBe("gzip");
    const [compressed, bytes] = answer.messages[0]!;
    expect([compressed, EchoUnaryRequest.decode(gunzipSync(bytes)).text]).toEqual([true, "compressed"]);

    const stream = await client.call(SERVER_STREAM, accepts, lengthPrefixed(request("a")));
    expect(stream.messages.map(([flag]) => flag)).toEqual([true, false, true]);

    for (const [headers, text] of [
      [{}, "compressed"],
      [accepts, "plain"],
    ] as const) {
      const plain = await client.call(UNARY, headers, lengthPrefixed(request(text)));
      expect(plain.headers["grpc-encoding"]).toBeUndefined();
      expect(textOf(plain)).toBe(text);
    }
  });
});

test("grpc-js's names of options count, and ours before them", async () => {
  for (const [options, allowed] of [
    [{ "grpc.max_receive_message_length": 10 }, 10],
    [{ "grpc.max_receive_message_length": 10, limits: { maxReceiveMessageBytes: 20 } }, 20],
  ] as const) {
    await using limited = await start(undefined, options);
    using raw = rawClient(limited.address);
    expect(await raw.call(UNARY, {}, lengthPrefixed(Buffer.alloc(21)))).toMatchObject(
      failed(Status.RESOURCE_EXHAUSTED, `a message of 21 bytes, where ${allowed} are allowed`),
    );
  }
  await using unlimited = await start(undefined, {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": 5,
    "grpc.default_compression_algorithm": 2,
  });
  using raw = rawClient(unlimited.address);
  expect(await raw.call(UNARY, {}, lengthPrefixed(request("12345678")))).toMatchObject(
    failed(Status.RESOURCE_EXHAUSTED, "a message of 10 bytes, where 5 may be sent"),
  );
  const answer = await raw.call(UNARY, { "grpc-accept-encoding": "gzip" }, lengthPrefixed(request("a")));
  expect(answer.headers["grpc-encoding"]).toBe("gzip");
});
