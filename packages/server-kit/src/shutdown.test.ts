import { once } from "node:events";
import { connect } from "node:http2";
import { HealthCheckResponse_ServingStatus as ServingStatus } from "@callwire/contracts/grpc/health/v1";
import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import type { ServiceImplementation } from "nice-grpc";
import { Metadata, Status } from "nice-grpc-common";
import { createServer } from "./create-server.js";
import { auth } from "./middleware/auth.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import type { KitContext } from "./middleware.js";
import { startEcho } from "./test-room/echo-server.js";
import { drain, failure } from "./test-room/errors.js";
import { health } from "./test-room/health-client.js";
import { recordLog } from "./testing/recorded-log.js";
import { rawCall } from "./test-room/raw-call.js";
import { runtimes } from "./test-room/runtimes.js";

type Handlers = Partial<ServiceImplementation<EchoServiceDefinition, KitContext>>;

/** A promise that a test settles. */
function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe.each(runtimes)("over %s", (name, runtime) => {
  const start = (handlers: Handlers = {}) => {
    const { logger } = recordLog();
    return startEcho({ runtime, middleware: [errorBoundary({ logger })] }, handlers);
  };

  test("lets running calls finish that have one response", async () => {
    const [began, finish] = [gate(), gate()];
    await using echo = await start({
      async echoUnary({ text }, { signal }) {
        began.open();
        await finish.opened;
        return { text: `${text} ${signal.aborted}` };
      },
    });
    const sent = gate();
    const unary = echo.client.echoUnary({ text: "aborted:" });
    const upload = echo.client.echoClientStream(
      (async function* () {
        yield { text: "a" };
        sent.open();
        await finish.opened;
        yield { text: "b" };
      })(),
    );
    await Promise.all([began.opened, sent.opened]);
    const stopped = echo.server.shutdown();
    finish.open();
    expect(await unary).toEqual({ text: "aborted: false" });
    expect(await upload).toEqual({ text: "a,b", count: 2 });
    expect(await stopped).toEqual({ forced: false, cutOff: [] });
  });

  test("ends response streams with a status that tells the client to come back", async () => {
    const ended: unknown[] = [];
    await using echo = await start({
      async *echoServerStream(_request, { signal }) {
        try {
          yield { text: "a", index: 0 };
          await once(signal, "abort");
        } finally {
          ended.push(signal.reason);
        }
      },
      async *echoBidiStream(requests, { signal }) {
        try {
          for await (const { text } of requests) yield { text };
        } finally {
          ended.push(signal.reason);
        }
      },
    });
    const silent = gate();
    const streams = [
      echo.client.echoServerStream.bind(null, {}),
      echo.client.echoBidiStream.bind(
        null,
        (async function* () {
          yield { text: "a" };
          await silent.opened;
        })(),
      ),
    ];
    const reading = streams.map((open) => {
      const first = gate();
      const failed = failure(async (options) => {
        for await (const message of open(options)) {
          expect(message.text).toBe("a");
          first.open();
        }
      });
      return { first, failed };
    });
    await Promise.all(reading.map(({ first }) => first.opened));
    const report = echo.server.shutdown();
    for (const { failed } of reading) {
      const { code, details } = await failed;
      expect(code).toBe(Status.UNAVAILABLE);
      expect(details.ErrorInfo?.reason).toBe("SERVER_STOPPING");
      expect(details.RetryInfo?.retryDelay).toMatchObject({ seconds: 0n, nanos: 0 });
    }
    silent.open();
    expect(await report).toEqual({ forced: false, cutOff: [] });
    expect(ended).toEqual([
      expect.objectContaining({ reason: "SERVER_STOPPING" }),
      expect.objectContaining({ reason: "SERVER_STOPPING" }),
    ]);
  });

  test("tells those who watch its health before it ends their streams", async () => {
    await using echo = await start();
    using client = health(echo.address);
    const told: ServingStatus[] = [];
    const first = gate();
    const watching = failure(async (options) => {
      for await (const { status } of client.watch({}, options)) {
        told.push(status);
        first.open();
      }
    });
    await first.opened;
    await echo.server.shutdown();
    expect((await watching).code).toBe(Status.UNAVAILABLE);
    expect(told).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
    echo.server.health.setAll("SERVING");
    expect(echo.server.health.get("")).toBe("NOT_SERVING");
  });

  test("takes no new calls, over old connections or new ones", async () => {
    const [began, finish] = [gate(), gate()];
    await using echo = await start({
      async echoUnary({ text }) {
        if (text !== "slow") return { text };
        began.open();
        await finish.opened;
        return { text };
      },
    });
    const slow = echo.client.echoUnary({ text: "slow" });
    await began.opened;
    const stopped = echo.server.shutdown();
    // What a client sent before it heard of the stop is still served (RFC 9113, section 6.8).
    let heard = false;
    while (!heard)
      heard = await echo.client.echoUnary({ text: "late" }).then(
        () => false,
        () => true,
      );
    for (const client of [echo.client, echo.connect()]) {
      const failed = await failure((options) => client.echoUnary({ text: "late" }, options));
      expect(failed.code).toBe(Status.UNAVAILABLE);
    }
    finish.open();
    expect(await slow).toEqual({ text: "slow" });
    await stopped;
  });

  test("is not held up by clients that are connected and idle", async () => {
    await using echo = await start();
    await echo.client.echoUnary({});
    const idle = connect(`http://${echo.address}`);
    await once(idle, "remoteSettings");
    expect(await echo.server.shutdown()).toEqual({ forced: false, cutOff: [] });
  });

  test("cuts off what still runs at the time limit, and says what it was", async () => {
    const [began, release] = [gate(), gate()];
    await using echo = await start({
      // Ignores its signal.
      async echoUnary({ text }) {
        began.open();
        await release.opened;
        return { text };
      },
    });
    const cut = failure((options) => echo.client.echoUnary({}, options));
    await began.opened;
    const [first, second] = await Promise.all([
      echo.server.shutdown({ timeoutMs: 50 }),
      echo.server.shutdown({ timeoutMs: 60_000 }),
    ]);
    expect(first).toEqual({ forced: true, cutOff: ["/callwire.echo.v1.EchoService/EchoUnary"] });
    expect(second).toBe(first);
    expect([Status.CANCELLED, Status.UNAVAILABLE]).toContain((await cut).code);
    release.open();
  });

  test("is not held up for long by a client that does not read", async () => {
    let yielded = 0;
    await using echo = await start({
      async *echoServerStream({ text }) {
        for (;;) {
          yielded++;
          yield { text: text.repeat(100_000), index: 0 };
        }
      },
    });
    using call = rawCall(echo.address, "/callwire.echo.v1.EchoService/EchoServerStream");
    const { requestType } = EchoServiceDefinition.methods.echoServerStream;
    call.stream.end(lengthPrefixed(requestType.encode(requestType.fromPartial({ text: "x" })).finish()));
    call.stream.on("response", () => call.stream.pause());
    await once(call.stream, "response");
    // Flow control has stopped the handler when turns of the event loop bring no more messages.
    for (let before = -1; before !== yielded; await new Promise((resolve) => setTimeout(resolve, 20)))
      before = yielded;
    const report = await echo.server.shutdown({ timeoutMs: 50 });
    // The transport drops what the client has not taken, and the status needs no credit; nice-grpc waits to write it.
    expect(report).toEqual(
      name === "transport"
        ? { forced: false, cutOff: [] }
        : { forced: true, cutOff: ["/callwire.echo.v1.EchoService/EchoServerStream"] },
    );
  });

  test("forceShutdown ends a shutdown under way, and may be called again", async () => {
    const began = gate();
    await using echo = await start({
      async echoUnary(_request, { signal }) {
        began.open();
        await once(signal, "abort");
        throw signal.reason;
      },
    });
    const cut = failure((options) => echo.client.echoUnary({}, options));
    await began.opened;
    const stopped = echo.server.shutdown({ timeoutMs: 60_000 });
    echo.server.forceShutdown();
    echo.server.forceShutdown();
    expect(await stopped).toEqual({ forced: true, cutOff: ["/callwire.echo.v1.EchoService/EchoUnary"] });
    await cut;
  });

  test("a server that was stopped before it listened never listens", async () => {
    const server = createServer({ runtime }).add(EchoServiceDefinition, echoService());
    expect(await server.shutdown()).toEqual({ forced: false, cutOff: [] });
    await expect(server.listen("127.0.0.1:0")).rejects.toThrow(
      "cannot listen on 127.0.0.1:0: the server was stopped",
    );
  });

  test("a server that is stopped while it begins to listen is closed", async () => {
    const server = createServer({ runtime }).add(EchoServiceDefinition, echoService());
    const listening = server.listen("127.0.0.1:0");
    await server.shutdown();
    const session = connect(`http://127.0.0.1:${await listening}`);
    const [error] = (await once(session, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
  });

  test("a stream that begins while the server stops ends at once", async () => {
    const [asked, verdict] = [gate(), gate()];
    const verify = async () => {
      asked.open();
      await verdict.opened;
      return "anyone";
    };
    await using echo = await startEcho({ runtime, middleware: [auth({ verify })] });
    const metadata = Metadata({ authorization: "Bearer x" });
    const failed = failure((options) =>
      drain(echo.client.echoServerStream({ count: 3 }, { ...options, metadata })),
    );
    await asked.opened;
    const stopped = echo.server.shutdown();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    verdict.open();
    expect((await failed).code).toBe(Status.UNAVAILABLE);
    expect((await stopped).forced).toBe(false);
  });
});
