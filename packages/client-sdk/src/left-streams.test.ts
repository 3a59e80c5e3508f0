// A stream that is left while it waits ends at once, and what a caller gave as its source is closed with its call.
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { createServer, type ServiceImplementation } from "nice-grpc";
import type { UserServiceDefinition } from "@callwire/contracts/users";
import { UserServiceDefinition as Users } from "@callwire/contracts/users";
import type { ClientMiddleware, ClientMiddlewareCall, CallOptions } from "nice-grpc-common";
import { createClient, createUsersClient } from "./test-room/clients.js";

const waiting = { code: 0, message: "", unexpected: false, waitForAbort: true };

/** A server whose handlers say when their signal aborts. */
async function start() {
  let onAborted = () => {};
  const aborted = new Promise<void>((resolve) => (onAborted = resolve));
  const server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService(({ signal }) => signal.addEventListener("abort", () => onAborted())),
    ),
  );
  return { ...server, aborted };
}

const passing: ClientMiddleware = async function* passing<Request, Response>(
  call: ClientMiddlewareCall<Request, Response>,
  options: CallOptions,
) {
  return yield* call.next(call.request, options);
};

type Messages = AsyncIterableIterator<unknown, undefined>;
/** Leaves the response in one way, after its first message; `next` waits. */
const WAYS: [way: string, leave: (messages: Messages) => Promise<unknown>][] = [
  [
    "return()",
    async (messages) => {
      await messages.next();
      const next = messages.next();
      await messages.return!();
      expect(await next).toMatchObject({ done: true });
    },
  ],
  [
    "throw()",
    async (messages) => {
      await messages.next();
      const next = messages.next();
      await expect(messages.throw!(new Error("enough"))).rejects.toThrow("enough");
      expect(await next).toMatchObject({ done: true });
    },
  ],
  [
    "destroy() of a stream of Node.js made of it",
    async (messages) => {
      const stream = Readable.from(messages);
      await once(stream, "data");
      stream.destroy();
      await once(stream, "close");
    },
  ],
  [
    "cancel() of a stream of the web made of it",
    async (messages) => {
      const reader = ReadableStream.from(messages).getReader();
      await reader.read();
      const next = reader.read();
      await reader.cancel();
      expect(await next).toMatchObject({ done: true });
    },
  ],
];

describe.each([
  ["without", []],
  ["behind", [passing]],
])("a response %s a generator that is left by", (_what, middleware) => {
  test.each(WAYS)("%s ends its call at once", async (_way, leave) => {
    await using server = await start();
    await using client = createClient(EchoServiceDefinition, { address: server.address, middleware });
    const messages = client.echoServerStream({ text: "a", count: 1, fault: waiting });
    await leave(messages[Symbol.asyncIterator]() as Messages);
    await server.aborted;
  });
});

test.each(WAYS)("a watch of users and a chat that are left by %s end at once", async (_way, leave) => {
  const aborts: Promise<unknown>[] = [];
  const server = createServer();
  const one = async (signal: AbortSignal) => {
    let onOver = () => {};
    aborts.push(new Promise<void>((resolve) => (onOver = resolve)));
    signal.addEventListener("abort", () => onOver());
    return onOver;
  };
  server.add(Users, {
    async *watchUsers(_request: unknown, { signal }: { signal: AbortSignal }) {
      await one(signal);
      yield { eventType: "created", resumeToken: "1" };
      await once(signal, "abort");
    },
    async *chat(messages: AsyncIterable<{ text?: string }>, { signal }: { signal: AbortSignal }) {
      const onOver = await one(signal);
      for await (const _ of messages) yield {};
      // Before its reset, grpc-js ends the request.
      onOver();
    },
    getUser: never,
    createUser: never,
    updateUser: never,
    deleteUser: never,
    listUsers: never,
    uploadUsers: never,
  } as unknown as ServiceImplementation<UserServiceDefinition>);
  const port = await server.listen("127.0.0.1:0");
  try {
    await using users = createUsersClient({ address: `127.0.0.1:${port}` });
    await leave(users.watchUsers()[Symbol.asyncIterator]() as Messages);
    const outgoing = (async function* () {
      yield {};
      await new Promise(() => {});
    })();
    await leave(users.chat(outgoing)[Symbol.asyncIterator]() as Messages);
    expect(aborts).toHaveLength(2);
    await Promise.all(aborts);
  } finally {
    server.forceShutdown();
  }
});

async function never(): Promise<never> {
  throw new Error("not called");
}

type Requests = AsyncIterable<{ text: string }>;
/** A source that gives one message and waits, and what resolves when it is closed. */
const SOURCES: [what: string, make: () => { requests: Requests; closed: Promise<unknown> }][] = [
  [
    "an iterator",
    () => {
      let onClosed = () => {};
      const closed = new Promise<void>((resolve) => (onClosed = resolve));
      let given = 0;
      const iterator = {
        next: () =>
          given++ === 0 ? Promise.resolve({ done: false, value: { text: "a" } }) : new Promise(() => {}),
        return: async () => {
          onClosed();
          return { done: true, value: undefined };
        },
      };
      return { requests: { [Symbol.asyncIterator]: () => iterator } as unknown as Requests, closed };
    },
  ],
  [
    "a stream of Node.js",
    () => {
      const requests = new PassThrough({ objectMode: true });
      requests.write({ text: "a" });
      return { requests, closed: once(requests, "close") };
    },
  ],
  [
    "a stream of the web",
    () => {
      let onClosed = () => {};
      const closed = new Promise<void>((resolve) => (onClosed = resolve));
      const requests = new ReadableStream<{ text: string }>({
        start: (controller) => controller.enqueue({ text: "a" }),
        cancel: () => onClosed(),
      });
      return { requests, closed };
    },
  ],
];

describe.each(SOURCES)("%s that is a source and waits is closed", (_what, make) => {
  test.each([
    ["its caller's signal", (): "signal" => "signal"],
    ["its deadline", (): "deadline" => "deadline"],
    ["the end of its client", (): "client" => "client"],
    ["the server", (): "server" => "server"],
  ])("when %s ends the call", async (_why, which) => {
    const why = which();
    await using server = await start();
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    const { requests, closed } = make();
    const controller = new AbortController();
    const options = { signal: controller.signal, ...(why === "deadline" && { timeoutMs: 200 }) };
    const messages = client.echoBidiStream(requests, options)[Symbol.asyncIterator]();
    if (why !== "deadline") expect(await messages.next()).toMatchObject({ value: { text: "a" } });
    const next = messages.next();
    if (why === "signal") controller.abort();
    if (why === "client") client.close();
    if (why === "server") server.server.forceShutdown();
    await closed;
    if (why !== "deadline") await expect(next).rejects.toBeDefined();
    else await next.catch(() => {});
  });
});

test.each<[string, () => Iterable<{ text: string }> | AsyncIterable<{ text: string }>]>([
  ["an array", () => [{ text: "a" }, { text: "b" }]],
  ["a set", () => new Set([{ text: "a" }, { text: "b" }])],
  ["a stream of Node.js", () => Readable.from([{ text: "a" }, { text: "b" }])],
  ["a stream of the web", () => ReadableStream.from([{ text: "a" }, { text: "b" }])],
])("%s is a source, with and without a generator", async (_what, make) => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  for (const middleware of [[], [passing]]) {
    await using client = createClient(EchoServiceDefinition, { address: server.address, middleware });
    expect(await client.echoClientStream(make())).toMatchObject({ text: "a,b", count: 2 });
    const texts: string[] = [];
    for await (const { text } of client.echoBidiStream(make())) texts.push(text);
    expect(texts).toEqual(["a", "b"]);
  }
});
