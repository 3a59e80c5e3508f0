import { performance } from "node:perf_hooks";
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, type EchoClientStreamRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import { createServer } from "../server/create-server.js";
import { createClient } from "./create-client.js";
import { createInProcessChannel } from "./in-process-channel.js";
import type { CallOptions } from "./client-types.js";
import { echoClient } from "../testing/echo-client.js";
import { answer, echoOf, startHttp2 } from "../testing/http2-peer.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";

type Row = Partial<EchoClientStreamRequest>;

/** The part of an endless request that is sent. */
async function* endless(text: string): AsyncGenerator<Row> {
  for (;;) yield { text };
}

/** Requests as the compiler wants them: it does not know that sources which are not asynchronous are taken too. */
const rows = (source: Iterable<Row>): AsyncIterable<Row> => source as unknown as AsyncIterable<Row>;

describe("time limits", () => {
  test("timeoutMs reaches the server, less what has passed, and ends the call", async () => {
    const timeouts: unknown[] = [];
    await using peer = await startHttp2((stream, headers) => {
      timeouts.push(headers["grpc-timeout"]);
      answer(stream, "a");
    });
    using echo = echoClient(peer.address);
    await echo.client.echoUnary({ text: "" });
    await echo.client.echoUnary({ text: "" }, { timeoutMs: 99_999 });
    // A busy machine takes seconds before the request is written.
    expect(timeouts).toEqual([undefined, expect.stringMatching(/^[1-9]\d{4}m$/)]);
    await using silent = await startHttp2(() => {});
    using unanswered = echoClient(silent.address);
    const error = await failureOf(unanswered.client.echoUnary({ text: "" }, { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: Status.DEADLINE_EXCEEDED, origin: "deadline" });
  });

  test("the earlier of timeoutMs and deadline counts", async () => {
    await using peer = await startHttp2(() => {});
    using echo = echoClient(peer.address);
    const far = performance.timeOrigin + performance.now() + 600_000;
    for (const options of [
      { timeoutMs: 50, deadline: far },
      { timeoutMs: 600_000, deadline: new Date(1) },
    ]) {
      expect((await failureOf(echo.client.echoUnary({ text: "" }, options))).code).toBe(
        Status.DEADLINE_EXCEEDED,
      );
    }
  });

  test.each([
    [{ timeoutMs: 0 }, "timeoutMs"],
    [{ timeoutMs: -1 }, "timeoutMs"],
    [{ timeoutMs: NaN }, "timeoutMs"],
    [{ deadline: new Date(NaN) }, "deadline"],
    [{ stallTimeoutMs: 0 }, "stallTimeoutMs"],
    [{ stallTimeoutMs: NaN }, "stallTimeoutMs"],
  ] as [CallOptions, string][])("%j is refused, by its name", async (options, name) => {
    await using peer = await startHttp2(() => {});
    using echo = echoClient(peer.address);
    const error = await failureOf(echo.client.echoUnary({ text: "" }, options));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(name);
  });

  test("Infinity is no limit", async () => {
    await using peer = await startHttp2((stream, headers) => {
      answer(stream, String(headers["grpc-timeout"]));
    });
    using echo = echoClient(peer.address);
    const options = { timeoutMs: Infinity, stallTimeoutMs: Infinity };
    expect(await echo.client.echoUnary({ text: "" }, options)).toEqual({ text: "undefined" });
  });
});

describe("stallTimeoutMs ends a call", () => {
  const text = "x".repeat(10_000);
  const options = { stallTimeoutMs: 100 };
  const stalled = {
    code: Status.DEADLINE_EXCEEDED,
    origin: "deadline",
    details: "the server took nothing for 100 ms",
  };

  test("whose server takes no message, of either shape", async () => {
    await using peer = await startHttp2(() => {});
    using echo = echoClient(peer.address);
    expect(await failureOf(echo.client.echoClientStream(endless(text), options))).toMatchObject(stalled);
    expect(await failureOf(collect(echo.client.echoBidiStream(endless(text), options)))).toMatchObject(
      stalled,
    );
  });

  test("whose server has all messages, and sends no answer", async () => {
    await using peer = await startHttp2((stream) => stream.resume());
    using echo = echoClient(peer.address);
    expect(await failureOf(echo.client.echoClientStream(rows([{ text }]), options))).toMatchObject(stalled);
  });

  test("and none whose source takes its time, or whose answers may", async () => {
    const late = deferred();
    await using peer = await startHttp2((stream, headers) => {
      stream.resume();
      const method = headers[":path"]!.split("/").at(-1);
      if (method === "EchoUnary") return;
      stream.on("end", () => {
        if (method === "EchoClientStream") answer(stream, "done");
        else void late.promise.then(() => answer(stream, "late"));
      });
    });
    using echo = echoClient(peer.address);
    // A busy machine may stand still for longer than the others' limit.
    const patient = { stallTimeoutMs: 1000 };
    // Longer than the limit: a call that ends by a limit of its own.
    const wait = () => failureOf(echo.client.echoUnary({ text: "" }, { timeoutMs: 1200 }));
    const slow = (async function* () {
      yield { text };
      await wait();
      yield { text };
    })();
    expect((await echo.client.echoClientStream(slow, patient)).text).toBe("done");
    const dialogue = collect(echo.client.echoBidiStream(rows([{ text }]), patient));
    await wait();
    late.resolve();
    expect(await dialogue).toEqual([{ text: "late" }]);
  });

  test("and none whose own reader holds the server up", async () => {
    // Answers each message, and so cannot go on while its answers are not read.
    const server = createServer();
    server.add(EchoServiceDefinition, {
      echoUnary: () => new Promise(() => {}),
      echoServerStream: async function* () {},
      echoClientStream: async () => ({}),
      async *echoBidiStream(requests) {
        for await (const { text: each } of requests) yield { text: each };
      },
    });
    const channel = createInProcessChannel(server);
    const client = createClient(EchoServiceDefinition, channel);
    let left = 500;
    const source = (async function* () {
      while (left-- > 0) yield { text };
    })();
    // A busy machine may stand still for longer than the others' limit.
    const answers = client.echoBidiStream(source, { stallTimeoutMs: 500 })[Symbol.asyncIterator]();
    await answers.next();
    // Longer than the limit, by a call that ends by its own.
    await failureOf(client.echoUnary({ text: "" }, { timeoutMs: 1200 }));
    let count = 1;
    while ((await answers.next()).done !== true) count++;
    expect(count).toBe(500);
    channel.close();
    server.forceShutdown();
  });
});

describe("a source of requests", () => {
  /** Counts the messages that come, and ends each call when its requests end. */
  const counting = (stream: Parameters<Parameters<typeof startHttp2>[0]>[0]): void => {
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
    // Also a request that was reset ends.
    stream.on("end", () => stream.destroyed || answer(stream, String(bytes)));
  };
  const size = lengthPrefixed(echoOf("a")).length;

  test.each([
    ["an array", () => rows([{ text: "a" }, { text: "a" }, { text: "a" }])],
    ["a Set", () => rows(new Set([{ text: "a" }, { text: "a" }, { text: "a" }]))],
    [
      "a generator",
      () =>
        rows(
          (function* () {
            for (let i = 0; i < 3; i++) yield { text: "a" };
          })(),
        ),
    ],
    [
      "an iterator whose results are no promises",
      () =>
        ({
          [Symbol.asyncIterator]: () => {
            let left = 3;
            return { next: () => ({ done: left-- === 0, value: { text: "a" } }) };
          },
        }) as unknown as AsyncIterable<Row>,
    ],
  ])("may be %s", async (_, source) => {
    await using peer = await startHttp2(counting);
    using echo = echoClient(peer.address);
    expect((await echo.client.echoClientStream(source())).text).toBe(String(3 * size));
  });

  test("may not be a text, nor one message", async () => {
    await using peer = await startHttp2(counting);
    using echo = echoClient(peer.address);
    for (const wrong of ["abc", { text: "a" }, undefined, null]) {
      expect((await failureOf(echo.client.echoClientStream(wrong as never))).message).toContain(
        "and no iterable",
      );
    }
  });

  test("that never waits lets others have their turn, and stops when the call is over", async () => {
    await using peer = await startHttp2((stream, headers) => {
      if (headers[":path"]!.endsWith("EchoUnary")) answer(stream, "b");
      else stream.resume();
    });
    using echo = echoClient(peer.address);
    await echo.client.echoUnary({ text: "" });
    let ended = false;
    let sent = 0;
    const source = rows(
      (function* () {
        try {
          for (;;) {
            sent++;
            yield { text: "a" };
          }
        } finally {
          ended = true;
        }
      })(),
    );
    const controller = new AbortController();
    const upload = failureOf(echo.client.echoClientStream(source, { signal: controller.signal }));
    expect((await echo.client.echoUnary({ text: "" })).text).toBe("b");
    controller.abort();
    const before = sent;
    expect((await upload).name).toBe("AbortError");
    expect([ended, sent]).toEqual([true, before]);
  });

  test("that ends its own call is ended, also if it is running", async () => {
    await using peer = await startHttp2(counting);
    using echo = echoClient(peer.address);
    const controller = new AbortController();
    let ended = false;
    const source = rows(
      (function* () {
        try {
          yield { text: "a" };
          controller.abort();
          yield { text: "b" };
        } finally {
          ended = true;
        }
      })(),
    );
    const error = await failureOf(echo.client.echoClientStream(source, { signal: controller.signal }));
    expect(error.name).toBe("AbortError");
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(true);
  });

  const fault = new Error("mine");
  const never = new Promise<never>(() => {});
  test.each([
    [
      "throws when it is asked for its iterator",
      {
        [Symbol.asyncIterator]: () => {
          throw fault;
        },
      },
    ],
    ["gives no iterator", { [Symbol.asyncIterator]: () => undefined }],
    ["gives nothing", { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) }],
    [
      "throws at once",
      {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            throw fault;
          },
        }),
      },
    ],
    ["throws undefined", { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(undefined) }) }],
    [
      "throws an AbortError",
      { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(AbortSignal.abort().reason) }) },
    ],
    [
      "has a `next` that throws",
      {
        [Symbol.asyncIterator]: () => ({
          get next() {
            throw fault;
          },
        }),
      },
    ],
  ] as [string, unknown][])("that %s fails its call alone", async (_, source) => {
    await using peer = await startHttp2(counting);
    using echo = echoClient(peer.address);
    const settled = await Promise.allSettled([echo.client.echoClientStream(source as AsyncIterable<Row>)]);
    expect(settled[0].status).toBe("rejected");
    expect((await echo.client.echoClientStream(rows([{ text: "a" }]))).text).toBe(String(size));
  });

  test.each([
    [
      "throws",
      () => {
        throw fault;
      },
    ],
    ["rejects", () => Promise.reject(fault)],
    ["never settles", () => never],
    ["is no function", 7],
  ] as [string, unknown][])("whose `return` %s changes nothing", async (_, end) => {
    await using peer = await startHttp2(counting);
    using echo = echoClient(peer.address);
    const source = { [Symbol.asyncIterator]: () => ({ next: () => never, return: end }) };
    const error = await failureOf(
      echo.client.echoClientStream(source as unknown as AsyncIterable<Row>, { timeoutMs: 50 }),
    );
    expect(error.code).toBe(Status.DEADLINE_EXCEEDED);
    await new Promise((resolve) => setImmediate(resolve));
  });
});
