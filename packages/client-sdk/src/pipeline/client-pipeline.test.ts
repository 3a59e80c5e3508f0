import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "@jest/globals";
import type { ClientCallContext, ClientPhases } from "@callwire/transport";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import {
  type CallContext,
  type CallOptions,
  ClientError,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  ServerError,
  Status,
} from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { createClient } from "../test-room/clients.js";

function startEcho(observe: (context: CallContext) => void = () => {}) {
  return startServer((s) => s.add(EchoServiceDefinition, echoService(observe)));
}

async function* texts(...all: string[]) {
  for (const text of all) yield { text };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function noting(name: string, events: string[]): ClientPhases {
  return {
    began: () => void events.push(`${name} began`),
    attempted: () => void events.push(`${name} attempted`),
    failed: (error) => (events.push(`${name} failed`), error),
    ended: (_, code) => void events.push(`${name} ended ${Status[code]}`),
  };
}

function generator(name: string, events: string[], calls = 1): ClientMiddleware {
  return async function* generator<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    for (let n = 1; ; n++) {
      events.push(`${name} in`);
      try {
        return yield* call.next(call.request, options);
      } catch (error) {
        events.push(`${name} out ${(error as Error).name}`);
        if (n === calls) throw error;
      }
    }
  };
}

describe("phases and generators in one list", () => {
  test("run outermost first; a generator that repeats makes a new call for those inside it", async () => {
    const events: string[] = [];
    await using server = await startEcho(() => {
      throw new ServerError(Status.ABORTED, "");
    });
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      middleware: [noting("a", events), generator("b", events, 2), noting("c", events)],
    });
    await expect(client.echoUnary({})).rejects.toBeInstanceOf(CallError);
    const inner = ["b in", "c began", "c attempted", "c failed", "c ended ABORTED", "b out ClientError"];
    expect(events).toEqual(["a began", "a attempted", ...inner, ...inner, "a failed", "a ended ABORTED"]);
  });

  test("change metadata and messages of every shape, in either order", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await startEcho(({ metadata }) => void seen.push(metadata.get("x-path")));
    const add = (metadata: Metadata, step: string) =>
      metadata.set("x-path", `${metadata.get("x-path") ?? ""}${step}`);
    const phases: ClientPhases = {
      began: ({ metadata }) => void add(metadata, "p"),
      request: (message) => ({ ...(message as object), text: `<${(message as { text: string }).text}>` }),
      response: (message) => ({ ...(message as object), seen: true }),
    };
    const generated: ClientMiddleware = async function* generated<Request, Response>(
      call: ClientMiddlewareCall<Request, Response>,
      options: CallOptions,
    ) {
      return yield* call.next(call.request, { ...options, metadata: add(Metadata(options.metadata), "g") });
    };
    for (const middleware of [
      [phases],
      [phases, generated],
      [generated, phases],
      [phases, generated, phases],
    ]) {
      const depth = middleware.filter((each) => each === phases).length;
      const text = `${"<".repeat(depth)}a${">".repeat(depth)}`;
      await using client = createClient(EchoServiceDefinition, { address: server.address, middleware });
      expect(await client.echoUnary({ text: "a" })).toEqual({ text, seen: true });
      expect(await collect(client.echoServerStream({ text: "a", count: 1 }))).toEqual([
        { text, index: 0, seen: true },
      ]);
      expect(await client.echoClientStream(texts("a", "a"))).toEqual({
        text: `${text},${text}`,
        count: 2,
        seen: true,
      });
      expect(await collect(client.echoBidiStream(texts("a")))).toEqual([{ text, seen: true }]);
    }
    expect(seen).toEqual(["p", "pg", "gp", "pgp"].flatMap((path) => [path, path, path, path]));
  });

  test("may fail the call at each phase, with whatever they throw", async () => {
    await using server = await startEcho();
    const throwing = () => {
      throw new ClientError("/x", Status.FAILED_PRECONDITION, "not today");
    };
    const failure = { name: "CallError", code: Status.FAILED_PRECONDITION, description: "not today" };
    const list: ClientPhases[] = [
      { began: throwing },
      { attempted: throwing },
      { attempted: async () => throwing() },
      { request: throwing },
      { response: throwing },
    ];
    for (const phases of list) {
      for (const middleware of [[phases], [phases, generator("g", [])]]) {
        await using client = createClient(EchoServiceDefinition, { address: server.address, middleware });
        await expect(client.echoUnary({})).rejects.toMatchObject(failure);
        await expect(client.echoClientStream(texts("a"))).rejects.toMatchObject(failure);
        await expect(collect(client.echoServerStream({ count: 1 }))).rejects.toMatchObject(failure);
        await expect(collect(client.echoBidiStream(texts("a")))).rejects.toMatchObject(failure);
      }
    }
  });
});

test("a phase may wait before each attempt, and set the deadline", async () => {
  const attempts: number[] = [];
  let calls = 0;
  await using server = await startEcho(() => {
    if (++calls === 1) throw new ServerError(Status.UNAVAILABLE, "");
  });
  const waiting: ClientPhases = {
    began(call) {
      call.deadlineMs = performance.now() + 5_000;
    },
    async attempted(call) {
      await new Promise(setImmediate);
      attempts.push(call.attempts);
    },
  };
  for (const middleware of [[waiting], [waiting, generator("g", [])]]) {
    attempts.length = calls = 0;
    await using client = createClient(EchoServiceDefinition, {
      address: server.address,
      retry: { initialBackoffMs: 5 },
      middleware,
    });
    await client.echoUnary({});
    // Outside a generator, the retries are inside the one attempt.
    expect(attempts).toEqual(middleware.length === 1 ? [1, 2] : [1]);
  }
});

test.each([
  ["without generators", false],
  ["with one", true],
])("`ended` is called once for each call, whatever its end, %s", async (_, withGenerator) => {
  const codes: string[] = [];
  const calls = new Set<ClientCallContext>();
  const counting: ClientPhases = {
    began: (call) => void calls.add(call),
    ended(call, code) {
      expect(calls.delete(call)).toBe(true);
      codes.push(Status[code]);
    },
  };
  const middleware = withGenerator ? [counting, generator("g", [])] : [counting];
  await using server = await startEcho();
  const client = createClient(EchoServiceDefinition, { address: server.address, middleware });
  const fault = { waitForAbort: true };
  await client.echoUnary({});
  await client.echoUnary({ fault: { code: Status.NOT_FOUND } }).catch(() => {});
  await client.echoUnary({ fault }, { timeoutMs: 30 }).catch(() => {});
  await client.echoUnary({ fault }, { signal: AbortSignal.timeout(30) }).catch(() => {});
  await client.echoUnary({}, { signal: AbortSignal.abort() }).catch(() => {});
  for await (const __ of client.echoServerStream({ count: 1, fault })) break;
  const stream = client.echoServerStream({ count: 0, fault })[Symbol.asyncIterator]();
  const next = stream.next();
  await stream.return?.();
  expect(await next).toMatchObject({ done: true });
  const last = client.echoUnary({ fault }).catch(() => {});
  client.close();
  await last;
  await client.echoUnary({}).catch(() => {});
  expect(calls.size).toBe(0);
  expect(codes).toEqual([
    "OK",
    "NOT_FOUND",
    "DEADLINE_EXCEEDED",
    ...Array.from({ length: 6 }, () => "CANCELLED"),
  ]);
});

test.each([
  ["without generators", false],
  ["with one", true],
])("what runs for a call sees the async context of its caller, %s", async (_, withGenerator) => {
  const storage = new AsyncLocalStorage<string>();
  const seen: Record<string, Set<string | undefined>> = {};
  const note = (moment: string) => void (seen[moment] ??= new Set()).add(storage.getStore());
  const phases: ClientPhases = {
    began: () => note("began"),
    attempted: () => note("attempted"),
    request: (message) => (note("request"), message),
    response: (message) => (note("response"), message),
    failed: (error) => (note("failed"), error),
    ended: () => note("ended"),
  };
  await using server = await startEcho(({ header, trailer }) => {
    header.set("x-h", "1");
    trailer.set("x-t", "1");
  });
  await using client = createClient(EchoServiceDefinition, {
    address: server.address,
    middleware: withGenerator ? [phases, generator("g", [])] : [phases],
  });
  async function* requests() {
    for (const text of ["a", "b", "c"]) {
      note("source");
      yield { text };
      await new Promise(setImmediate);
    }
    note("source");
  }
  const options = { onHeader: () => note("onHeader"), onTrailer: () => note("onTrailer") };
  // Two at once, so that each could see the other's.
  await Promise.all(
    ["one", "two"].map((name) =>
      storage.run(name, async () => {
        await client.echoClientStream(requests(), options);
        await collect(client.echoBidiStream(requests(), options));
        await client.echoUnary({ fault: { code: Status.NOT_FOUND } }, options).catch(() => {});
      }),
    ),
  );
  const both = new Set(["one", "two"]);
  const moments = ["began", "attempted", "request", "response", "failed", "ended", "source"];
  expect(seen).toEqual(
    Object.fromEntries([...moments, "onHeader", "onTrailer"].map((moment) => [moment, both])),
  );
});
