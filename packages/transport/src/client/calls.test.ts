import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService, startServer, type TestServer } from "@callwire/testkit";
import { ClientError, Metadata, Status, type CallContext } from "nice-grpc-common";
import { channelStats } from "./channel.js";
import { echoClient, type EchoClient } from "../testing/echo-client.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";

// Against nice-grpc's server, which stands for every other one.
let server: TestServer;
let echo: EchoClient;
let observe: (context: CallContext) => void = () => {};

beforeAll(async () => {
  server = await startServer((each) =>
    each.add(
      EchoServiceDefinition,
      echoService((context) => observe(context)),
    ),
  );
  echo = echoClient(server.address);
});
afterAll(async () => {
  echo[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

async function* texts(...all: string[]): AsyncIterable<{ text: string }> {
  for (const text of all) yield { text };
}

describe("the four shapes", () => {
  test("unary", async () => {
    expect(await echo.client.echoUnary({ text: "grüße 🙂" })).toEqual({ text: "grüße 🙂" });
  });

  test("server-streaming", async () => {
    const answers = await collect(echo.client.echoServerStream({ text: "a", count: 3 }));
    expect(answers.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  test("client-streaming", async () => {
    expect(await echo.client.echoClientStream(texts("a", "b", "c"))).toEqual({ text: "a,b,c", count: 3 });
  });

  test("client-streaming without a message", async () => {
    expect(await echo.client.echoClientStream(texts())).toEqual({ text: "", count: 0 });
  });

  test("bidirectional, each message answered before the next is sent", async () => {
    const seen: string[] = [];
    let answered = deferred();
    async function* requests() {
      for (const text of ["a", "b", "c"]) {
        yield { text };
        await answered.promise;
      }
    }
    for await (const { text } of echo.client.echoBidiStream(requests())) {
      seen.push(text);
      const before = answered;
      answered = deferred();
      before.resolve();
    }
    expect(seen).toEqual(["a", "b", "c"]);
  });

  test("many at once on one connection", async () => {
    const all = await Promise.all(
      Array.from({ length: 500 }, (_, i) => echo.client.echoUnary({ text: String(i) })),
    );
    expect(all.map(({ text }) => Number(text))).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(channelStats(echo.channel).connections).toBe(1);
  });
});

describe("errors of the server", () => {
  const fault = { code: Status.NOT_FOUND, message: "no ☃ here: 100%" };

  test("reach each shape with code and text", async () => {
    const { client } = echo;
    const errors = await Promise.all([
      failureOf(client.echoUnary({ text: "", fault })),
      failureOf(collect(client.echoServerStream({ text: "", count: 0, fault }))),
      failureOf(
        client.echoClientStream(
          (async function* () {
            yield { text: "", fault };
          })(),
        ),
      ),
      failureOf(
        collect(
          client.echoBidiStream(
            (async function* () {
              yield { text: "", fault };
            })(),
          ),
        ),
      ),
    ]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(ClientError);
      expect(error.code).toBe(Status.NOT_FOUND);
      expect(error.details).toBe(fault.message);
    }
    expect(errors.map(({ path }) => path)).toEqual([
      "/callwire.echo.v1.EchoService/EchoUnary",
      "/callwire.echo.v1.EchoService/EchoServerStream",
      "/callwire.echo.v1.EchoService/EchoClientStream",
      "/callwire.echo.v1.EchoService/EchoBidiStream",
    ]);
  });

  test("come after the messages before them", async () => {
    const seen: number[] = [];
    const error = await failureOf(
      (async () => {
        for await (const { index } of echo.client.echoServerStream({ text: "", count: 2, fault }))
          seen.push(index);
      })(),
    );
    expect(seen).toEqual([0, 1]);
    expect(error.code).toBe(Status.NOT_FOUND);
  });
});

test("metadata goes both ways, text and binary", async () => {
  const received = deferred<Metadata>();
  observe = (context) => {
    // A call that was cancelled before may come as late as this.
    if (!context.metadata.has("x-request")) return;
    received.resolve(context.metadata);
    context.header.set("x-header", "h").set("x-header-bin", Buffer.from([0, 255]));
    context.trailer.set("x-trailer", "t").set("x-trailer-bin", [Buffer.from("a"), Buffer.from("b")]);
  };
  const headers: Metadata[] = [];
  const trailers: Metadata[] = [];
  await echo.client.echoUnary(
    { text: "" },
    {
      metadata: Metadata({
        "x-request": "r",
        "x-request-bin": Buffer.from([1, 2, 3, 250]),
        "user-agent": "mine",
      }),
      onHeader: (header) => headers.push(header),
      onTrailer: (trailer) => trailers.push(trailer),
    },
  );
  observe = () => {};
  const sent = await received.promise;
  expect(sent.get("x-request")).toBe("r");
  expect(Buffer.from(sent.get("x-request-bin")!)).toEqual(Buffer.from([1, 2, 3, 250]));
  expect(sent.get("user-agent")).toMatch(/^grpc-node-callwire\//);
  expect(headers).toHaveLength(1);
  expect(headers[0]!.get("x-header")).toBe("h");
  expect(Buffer.from(headers[0]!.get("x-header-bin")!)).toEqual(Buffer.from([0, 255]));
  expect(headers[0]!.has("content-type")).toBe(false);
  expect(trailers).toHaveLength(1);
  expect(trailers[0]!.getAll("x-trailer-bin").map(String)).toEqual(
    ["a", "b"].map((text) => String(Buffer.from(text))),
  );
  expect(trailers[0]!.has("grpc-status")).toBe(false);
});

test("an error thrown by a callback is what the call fails with, and the connection lives", async () => {
  observe = (context) => void context.header.set("x-header", "h");
  const thrown = new Error("mine");
  const call = echo.client.echoUnary(
    { text: "" },
    {
      onTrailer: () => {
        throw thrown;
      },
    },
  );
  expect(await failureOf(call)).toBe(thrown);
  observe = () => {};
  expect(await echo.client.echoUnary({ text: "still here" })).toEqual({ text: "still here" });
});

describe("sizes", () => {
  test("1 MiB there and back, and 3 MiB through a stream that is read slowly", async () => {
    const text = "x".repeat(1024 * 1024);
    expect((await echo.client.echoUnary({ text })).text).toHaveLength(text.length);
    let length = 0;
    for await (const answer of echo.client.echoBidiStream(texts(text, text, text))) {
      await new Promise((resolve) => setImmediate(resolve));
      length += answer.text.length;
    }
    expect(length).toBe(3 * text.length);
  });

  test("a response over 4 MiB is RESOURCE_EXHAUSTED, and the connection lives", async () => {
    // The server takes 4 MiB as well: many small requests make one large response.
    const error = await failureOf(
      echo.client.echoClientStream(texts(...Array.from({ length: 5 }, () => "x".repeat(1024 * 1024)))),
    );
    expect(error.code).toBe(Status.RESOURCE_EXHAUSTED);
    expect(error.details).toContain("4194304");
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  });

  test("limits of the channel hold, both ways", async () => {
    using small = echoClient(server.address, {
      "grpc.max_receive_message_length": 50,
      "grpc.max_send_message_length": 100,
    });
    const tooMuch = await failureOf(small.client.echoUnary({ text: "x".repeat(101) }));
    expect([tooMuch.code, tooMuch.details]).toEqual([
      Status.RESOURCE_EXHAUSTED,
      "a message of 103 bytes, where 100 may be sent",
    ]);
    const tooLong = await failureOf(small.client.echoUnary({ text: "x".repeat(51) }));
    expect(tooLong.code).toBe(Status.RESOURCE_EXHAUSTED);
    expect((await small.client.echoUnary({ text: "x".repeat(40) })).text).toHaveLength(40);
  });
});

test("a message that cannot be encoded fails its call alone, and names its field", async () => {
  const error = await failureOf(echo.client.echoUnary({ text: "", fault: { code: 2 ** 40 } }));
  expect(error.code).toBe(Status.INTERNAL);
  expect(error.details).toBe("a message cannot be encoded: fault.code: invalid int32: 1099511627776");
  expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
});

describe("cancelling", () => {
  const waitForAbort = { waitForAbort: true };

  test("each shape ends with an AbortError, the server hears of it, and no listener stays", async () => {
    const { client } = echo;
    const shapes: ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => client.echoUnary({ text: "", fault: waitForAbort }, { signal }),
      (signal) => collect(client.echoServerStream({ text: "", count: 1, fault: waitForAbort }, { signal })),
      (signal) =>
        client.echoClientStream(
          (async function* () {
            yield { text: "", fault: waitForAbort };
          })(),
          { signal },
        ),
      (signal) =>
        collect(
          client.echoBidiStream(
            (async function* () {
              yield { text: "", fault: waitForAbort };
            })(),
            { signal },
          ),
        ),
    ];
    for (const shape of shapes) {
      const started = deferred<CallContext>();
      observe = started.resolve;
      const controller = new AbortController();
      const call = failureOf(shape(controller.signal));
      const context = await started.promise;
      const aborted = new Promise((resolve) => context.signal.addEventListener("abort", resolve));
      controller.abort();
      expect((await call).name).toBe("AbortError");
      await aborted;
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    }
    observe = () => {};
  });

  test("all calls of a signal end at once with one error, whose stack shows who aborted", async () => {
    const controller = new AbortController();
    const { client } = echo;
    const calls = Array.from({ length: 100 }, () =>
      failureOf(client.echoUnary({ fault: { waitForAbort: true } }, { signal: controller.signal })),
    );
    function abortAll() {
      controller.abort();
    }
    abortAll();
    const errors = new Set(await Promise.all(calls));
    expect(errors.size).toBe(1);
    const [error] = errors;
    expect(error).toMatchObject({ name: "AbortError" });
    expect(error!.stack).toContain("abortAll");
  });

  test("a signal that is aborted already sends nothing", async () => {
    const before = channelStats(echo.channel);
    let called = false;
    observe = () => {
      called = true;
    };
    const signal = AbortSignal.abort();
    expect((await failureOf(echo.client.echoUnary({ text: "" }, { signal }))).name).toBe("AbortError");
    expect(
      (await failureOf(collect(echo.client.echoServerStream({ text: "", count: 1 }, { signal })))).name,
    ).toBe("AbortError");
    await echo.client.echoUnary({ text: "" });
    observe = () => {};
    expect(called).toBe(true);
    expect(channelStats(echo.channel).callsFailed).toBe(before.callsFailed + 2);
  });

  test("who reads no further ends the call", async () => {
    const started = deferred<CallContext>();
    observe = started.resolve;
    for await (const _ of echo.client.echoServerStream({ text: "", count: 1, fault: waitForAbort })) break;
    const { signal } = await started.promise;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    observe = () => {};
    expect(channelStats(echo.channel).streamsOpen).toBe(0);
  });

  test("a source of requests hears that the call is over, also while it waits", async () => {
    const returned = deferred();
    const source: AsyncIterable<{ text: string }> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned.resolve();
          return { done: true, value: undefined };
        },
      }),
    };
    const controller = new AbortController();
    const call = failureOf(echo.client.echoClientStream(source, { signal: controller.signal }));
    await echo.client.echoUnary({ text: "" });
    controller.abort();
    expect((await call).name).toBe("AbortError");
    await returned.promise;
  });

  test("3,000 calls cancelled at once leave the connection as it was", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const all = Array.from({ length: 3000 }, () =>
      failureOf(echo.client.echoUnary({ text: "a" }, { signal })),
    );
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    for (const error of await Promise.all(all)) expect(error.name).toBe("AbortError");
    expect(await echo.client.echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(channelStats(echo.channel)).toMatchObject({ connections: 1, streamsOpen: 0, callsWaiting: 0 });
  });
});

test("an error of a source of requests is what the call fails with", async () => {
  const thrown = new Error("mine");
  const source = (): AsyncIterable<{ text: string }> =>
    (async function* () {
      yield { text: "a" };
      throw thrown;
    })();
  expect(await failureOf(echo.client.echoClientStream(source()))).toBe(thrown);
  expect(await failureOf(collect(echo.client.echoBidiStream(source())))).toBe(thrown);
});

describe("deadlines", () => {
  const fault = { waitForAbort: true };

  test("end the call here, and reach the server", async () => {
    const started = deferred<CallContext>();
    observe = started.resolve;
    // Long enough for the call to get to the server, on a busy machine too.
    const error = await failureOf(
      echo.client.echoUnary({ text: "", fault }, { deadline: Date.now() + 1000 }),
    );
    observe = () => {};
    expect(error.code).toBe(Status.DEADLINE_EXCEEDED);
    const { signal } = await started.promise;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });

  test("one that has passed sends nothing", async () => {
    const error = await failureOf(
      echo.client.echoUnary({ text: "" }, { deadline: new Date(Date.now() - 1) }),
    );
    expect(error.code).toBe(Status.DEADLINE_EXCEEDED);
  });

  test("grpc-timeout in the metadata is one too", async () => {
    const metadata = Metadata({ "grpc-timeout": "50m" });
    const error = await failureOf(
      collect(echo.client.echoServerStream({ text: "", count: 1, fault }, { metadata })),
    );
    expect(error.code).toBe(Status.DEADLINE_EXCEEDED);
  });

  test("a far one is no matter", async () => {
    const deadline = new Date(Date.now() + 10 * 365 * 24 * 3600 * 1000);
    expect(await echo.client.echoUnary({ text: "a" }, { deadline })).toEqual({ text: "a" });
  });
});

test("gzip, asked for by the call", async () => {
  const text = "compress me ".repeat(10_000);
  expect(await echo.client.echoUnary({ text }, { compression: "gzip" })).toEqual({ text });
  expect(await collect(echo.client.echoBidiStream(texts(text, "b"), { compression: "gzip" }))).toEqual([
    { text },
    { text: "b" },
  ]);
});
