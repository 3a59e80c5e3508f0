// Calls of the client for browsers, whose requests are answered in the process.
import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { isSettable } from "@callwire/transport/seam";
import { Metadata, Status } from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { answeredBy, echoBytes, envelope, response, type Sent } from "../test-room/web/answers.js";
import { connect } from "./connect.js";
import { createClient } from "./create-client.js";
import { grpcWeb } from "./grpc-web.js";

const unary = () => response("application/proto", echoBytes("a"));
const busy = () =>
  new Response('{"code":"unavailable"}', { status: 503, headers: { "content-type": "application/json" } });

function bytesOf({ body }: Sent): Uint8Array {
  return body as Uint8Array;
}

test("a unary call of Connect is plain HTTP", async () => {
  const { client, sent } = answeredBy(unary, { credentials: "include" });
  const metadata = Metadata({ "x-a": ["1", "2"], "x-data-bin": Uint8Array.of(255, 254) });
  expect(await client.echoUnary({ text: "a" }, { metadata, requestId: "r1" })).toEqual({ text: "a" });
  const [{ signal, body, ...request } = {} as Sent] = sent;
  expect(signal).toBeInstanceOf(AbortSignal);
  expect(body).toEqual(echoBytes("a"));
  const { "connect-timeout-ms": timeoutMs, ...headers } = request.headers;
  expect(Number(timeoutMs)).toBeGreaterThan(29_000);
  expect({ ...request, headers }).toEqual({
    url: "http://localhost/rpc/callwire.echo.v1.EchoService/EchoUnary",
    method: "POST",
    headers: {
      "connect-protocol-version": "1",
      "content-type": "application/proto",
      "x-a": "1, 2",
      "x-data-bin": "//4=",
      "x-request-id": "r1",
    },
    redirect: "manual",
    credentials: "include",
  });
});

test.each([
  ["shows", () => new Response(null, { status: 308, headers: { location: "/b" } }), 308],
  // As a browser hides it.
  ["hides", () => Response.error(), 0],
])("a redirect that the runtime %s is not followed, and not tried again", async (_how, answer, status) => {
  const { client, sent } = answeredBy(answer, { retry: { initialBackoffMs: 1 } });
  await expect(client.echoUnary({ text: "a" }, { retry: true })).rejects.toMatchObject({
    code: Status.UNKNOWN,
    message: expect.stringContaining(`HTTP status ${status} (redirects are not followed)`),
  });
  expect(sent).toHaveLength(1);
});

test("fetch is called as the function that it is: a browser's own refuses another `this`", async () => {
  let owner: unknown = "none";
  const fetch = async function (this: unknown) {
    // oxlint-disable-next-line typescript/no-this-alias -- it is what is looked at
    owner = this;
    return unary();
  };
  await answeredBy(unary, { fetch }).client.echoUnary({});
  expect(owner).toBeUndefined();
});

test("a call of gRPC-Web has an envelope and its deadline", async () => {
  const answer = () =>
    response("application/grpc-web+proto", envelope(0, echoBytes("a")), envelope(0x80, "grpc-status:0"));
  const { client, sent } = answeredBy(answer, { protocol: grpcWeb, timeoutMs: Infinity });
  expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  expect(bytesOf(sent[0]!)).toEqual(envelope(0, echoBytes("a")));
  expect(sent[0]!.headers).toEqual({
    "content-type": "application/grpc-web+proto",
    "x-grpc-web": "1",
    "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test.each([
  [grpcWeb, "grpc-timeout", 50_000, /^(50000|49\d{3})m$/],
  // At most 8 digits and a unit.
  [grpcWeb, "grpc-timeout", 2 * 10 ** 9, /^2000000S$/],
  [grpcWeb, "grpc-timeout", 10 ** 12, /^99999999S$/],
  [connect, "connect-timeout-ms", 50_000, /^(50000|49\d{3})$/],
  // At most 10 digits.
  [connect, "connect-timeout-ms", 10 ** 12, /^9999999999$/],
] as const)("by %s, %s of %d ms is what the protocol takes", async (protocol, name, ms, text) => {
  const { client, sent } = answeredBy(unary, { protocol, retry: false });
  await client.echoUnary({}, { deadline: Date.now() + ms }).catch(() => {});
  expect(sent[0]!.headers[name]).toMatch(text);
});

describe("attempts", () => {
  test("are made again after UNAVAILABLE, each with a token of its own", async () => {
    let asked = 0;
    const { client, sent } = answeredBy(() => (sent.length < 3 ? busy() : unary()), {
      retry: { initialBackoffMs: 1 },
      token: () => `t${++asked}`,
    });
    await client.echoUnary({ text: "a" });
    expect(sent.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer t1",
      "Bearer t2",
      "Bearer t3",
    ]);
    // A page's server would have to allow each field that is sent.
    expect(sent[2]!.headers).not.toHaveProperty("grpc-previous-rpc-attempts");
    expect(new Set(sent.map(({ headers }) => headers["x-request-id"])).size).toBe(1);
  });

  test("are not, where a server asks for none or the contract does not say that the call is safe", async () => {
    const stop = () => {
      const answer = busy();
      answer.headers.set("grpc-retry-pushback-ms", "-1");
      return answer;
    };
    const { client, sent } = answeredBy(stop);
    await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    expect(sent).toHaveLength(1);
  });

  test("are made again after an answer that did not come", async () => {
    const { client, sent } = answeredBy(
      () => (sent.length < 2 ? Promise.reject(new TypeError("Failed to fetch")) : unary()),
      { retry: { initialBackoffMs: 1 } },
    );
    expect(await client.echoUnary({})).toEqual({ text: "a" });
    const failing = answeredBy(() => Promise.reject(new TypeError("Failed to fetch")), { retry: false });
    await expect(failing.client.echoUnary({})).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      origin: "connection",
      description: "http://localhost/rpc could not be reached: Failed to fetch",
    });
  });
});

describe("a stream", () => {
  /** A body of endless messages, and the number that was asked for. */
  function endless() {
    const seen = { pulled: 0, cancelled: false };
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          seen.pulled++;
          controller.enqueue(envelope(0, echoBytes("a")));
        },
        cancel() {
          seen.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const answer = () => new Response(body, { headers: { "content-type": "application/connect+proto" } });
    return { seen, answer };
  }

  test("is read as fast as its reader reads, and ends when that leaves", async () => {
    const { seen, answer } = endless();
    const { client } = answeredBy(answer);
    const messages = client.echoServerStream({})[Symbol.asyncIterator]();
    for (let at = 1; at <= 3; at++) {
      await messages.next();
      expect(seen.pulled).toBe(at);
    }
    await messages.return!();
    expect(seen.cancelled).toBe(true);
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  test("that is left while it waits aborts its request at once", async () => {
    const { client, sent } = answeredBy(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const messages = client.echoServerStream({})[Symbol.asyncIterator]();
    const waiting = messages.next();
    await new Promise((resolve) => setImmediate(resolve));
    const left = messages.return!();
    expect(sent[0]!.signal.aborted).toBe(true);
    await left;
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test("tells of its header with its first message, so that one that fails before is tried again", async () => {
    const type = "application/connect+proto";
    const error = envelope(2, '{"error":{"code":"unavailable"}}');
    const end = envelope(2, '{"metadata":{"X-End":["yes"],"bad name":["x"]}}');
    const answer = () =>
      sent.length === 1 ? response(type, error) : response(type, envelope(0, echoBytes("a")), end);
    const { client, sent } = answeredBy(answer, { retry: { initialBackoffMs: 1 } });
    const heard: string[] = [];
    const messages = client.echoServerStream(
      {},
      {
        onHeader: () => heard.push("header"),
        onTrailer: (trailer) => heard.push(trailer.get("x-end") ?? "none"),
      },
    );
    for await (const _ of messages) heard.push("message");
    expect(heard).toEqual(["header", "message", "yes"]);
    expect(sent).toHaveLength(2);
  });

  test("tells of the header of an error that came alone, unless another attempt follows", async () => {
    const answer = () => {
      const code = sent.length === 1 ? "unavailable" : "aborted";
      const end = envelope(2, `{"error":{"code":"${code}"},"metadata":{"x-end":["yes"]}}`);
      const headers = { "content-type": "application/connect+proto", "x-attempt": String(sent.length) };
      return new Response(Buffer.from(end), { headers });
    };
    const { client, sent } = answeredBy(answer, { retry: { initialBackoffMs: 1 } });
    const heard: (string | undefined)[] = [];
    const messages = client.echoServerStream(
      {},
      {
        onHeader: (header) => heard.push(header.get("x-attempt")),
        onTrailer: (trailer) => heard.push(trailer.get("x-end")),
      },
    );
    await expect(messages[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Status.ABORTED });
    expect(heard).toEqual(["2", "yes"]);
  });

  test.each([1, 700, 1e6])("in pieces of %d bytes", async (size) => {
    const long = "x".repeat(5000);
    const bytes = Uint8Array.of(
      ...envelope(0, echoBytes("abc")),
      ...envelope(0, echoBytes(long)),
      ...envelope(0, ""),
      ...envelope(2, "{}"),
    );
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
        controller.close();
      },
    });
    const { client } = answeredBy(
      () => new Response(body, { headers: { "content-type": "application/connect+proto; charset=x" } }),
    );
    const texts: string[] = [];
    for await (const { text } of client.echoServerStream({})) texts.push(text);
    expect(texts).toEqual(["abc", long, ""]);
  });
});

describe("a fetch that passes over the signal", () => {
  test("does not outlast the deadline", async () => {
    const { client } = answeredBy(() => new Promise(() => {}));
    await expect(client.echoUnary({}, { timeoutMs: 20 })).rejects.toMatchObject({
      code: Status.DEADLINE_EXCEEDED,
      origin: "deadline",
    });
  });

  test("has its body cancelled when the call ends", async () => {
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    const type = { "content-type": "application/connect+proto" };
    const { client } = answeredBy(() => new Response(body, { headers: type }));
    const controller = new AbortController();
    const message = client.echoServerStream({}, { signal: controller.signal })[Symbol.asyncIterator]().next();
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort("enough");
    await expect(message).rejects.toBe("enough");
    expect(cancelled).toBe(true);
  });
});

test("the metadata of a call goes before that of the client, and reserved names stay here", async () => {
  const reserved = [
    "te",
    "host",
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "http2-settings",
    "content-type",
    "content-length",
    "accept-encoding",
    "grpc-encoding",
    "grpc-accept-encoding",
    "grpc-timeout",
    "grpc-message-type",
    "grpc-status",
    "grpc-message",
  ];
  expect(reserved.filter((name) => isSettable(name))).toEqual([]);
  const { client, sent } = answeredBy(unary, {
    metadata: { "x-a": "client", "x-b": "client", authorization: "Basic b" },
    token: "t1",
  });
  const metadata = Metadata({ "x-b": "call", "x-connection": "1", "grpc-status-details": "2" });
  for (const name of reserved) metadata.set(name, "x");
  await client.echoUnary({}, { metadata, timeoutMs: Infinity });
  expect(sent[0]!.headers).toEqual({
    "connect-protocol-version": "1",
    "content-type": "application/proto",
    "x-a": "client",
    "x-b": "call",
    "x-connection": "1",
    "grpc-status-details": "2",
    "x-request-id": expect.any(String),
    authorization: "Basic b",
  });
});

describe("a source of requests", () => {
  /** A source that waits for ever. */
  function endless() {
    let close = () => {};
    const closed = new Promise<void>((resolve) => (close = resolve));
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          close();
          return { done: true as const, value: undefined };
        },
      }),
    };
    return { closed, source };
  }

  /** Answers once the first request is asked for. */
  const answering = async ({ body }: Sent) => {
    void (body as ReadableStream).getReader().read();
    await new Promise((resolve) => setImmediate(resolve));
    return response("application/connect+proto", envelope(2, '{"error":{"code":"aborted"}}'));
  };

  test("is closed when the answer comes before its end", async () => {
    const { closed, source } = endless();
    const { client } = answeredBy(answering);
    await expect(client.echoClientStream(source)).rejects.toMatchObject({ code: Status.ABORTED });
    await closed;
  });

  test("is closed when nobody reads the answers any more, and the deadline passes", async () => {
    const { closed, source } = endless();
    const { client } = answeredBy(async ({ body }) => {
      void (body as ReadableStream).getReader().read();
      const first = new ReadableStream({ start: (to) => to.enqueue(envelope(0, echoBytes("a"))) });
      return new Response(first, { headers: { "content-type": "application/connect+proto" } });
    });
    const answers = client.echoBidiStream(source, { timeoutMs: 50 })[Symbol.asyncIterator]();
    expect((await answers.next()).value).toMatchObject({ text: "a" });
    await closed;
    await expect(answers.next()).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
  });

  test("may be a stream of the web, which is cancelled", async () => {
    let cancelled = false;
    const source = new ReadableStream<{ text: string }>({ cancel: () => void (cancelled = true) });
    const { client } = answeredBy(answering);
    await expect(client.echoClientStream(source as never)).rejects.toMatchObject({ code: Status.ABORTED });
    expect(cancelled).toBe(true);
  });

  test.each<[string, unknown, string]>([
    ["a promise", Promise.resolve([]), "they are no iterable: a generator is declared as async function*"],
    ["nothing", undefined, "they are no iterable: a generator is declared as async function*"],
  ])("that is %s", async (_, source, why) => {
    const { client } = answeredBy(async ({ body }) => {
      await (body as ReadableStream).getReader().read();
      return unary();
    });
    await expect(client.echoClientStream(source as never)).rejects.toMatchObject({
      code: Status.CANCELLED,
      description: `the requests could not be read: ${why}`,
    });
  });
});

test("phases run around calls, outside of attempts", async () => {
  const order: string[] = [];
  const { client } = answeredBy(unary, {
    middleware: [
      {
        began: () => void order.push("began"),
        request: (message) => ({ ...(message as object), text: "changed" }),
        response: (message) => ({ ...(message as object), more: true }),
        ended: (_, code) => void order.push(`ended ${code}`),
      },
    ],
  });
  expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a", more: true });
  expect(order).toEqual(["began", "ended 0"]);
});

test("a definition of nice-grpc's own form", async () => {
  const { requestType, responseType } = EchoServiceDefinition.methods.echoUnary;
  const definition = {
    say: {
      path: "/a.B/Say",
      requestStream: false,
      responseStream: false,
      requestSerialize: (text: string) => requestType.encode(requestType.fromPartial({ text })).finish(),
      requestDeserialize: (bytes: Uint8Array) => requestType.decode(bytes).text,
      responseSerialize: (text: string) => responseType.encode({ text }).finish(),
      responseDeserialize: (bytes: Uint8Array) => responseType.decode(bytes).text,
      options: {},
    },
  } as const;
  const client = createClient(definition, {
    baseUrl: "http://localhost",
    protocol: connect,
    fetch: async () => unary(),
  });
  expect(await client.say("hello")).toBe("a");
});

test("a message that cannot be encoded, and limits that are none, end the call before it is sent", async () => {
  const { client, sent } = answeredBy(unary);
  const wrong = { text: Promise.resolve("a") as never };
  await expect(client.echoUnary(wrong)).rejects.toMatchObject({
    code: Status.INTERNAL,
    description: "a message cannot be encoded: invalid string: a promise",
  });
  await expect(client.echoUnary({}, { timeoutMs: 0 })).rejects.toMatchObject({
    code: Status.INVALID_ARGUMENT,
  });
  const error = await client
    .echoUnary({}, { signal: AbortSignal.abort("enough") })
    .catch((thrown: unknown) => thrown);
  expect(error).toBe("enough");
  expect(error).not.toBeInstanceOf(CallError);
  expect(sent).toHaveLength(0);
});

test("a runtime whose fetch takes no streams says so", async () => {
  const { Request: own } = globalThis;
  // As Firefox: the stream's name becomes a text.
  globalThis.Request = class extends own {
    constructor(url: string, init: RequestInit) {
      super(url, { ...init, body: "[object ReadableStream]" });
    }
  };
  try {
    const { client, sent } = answeredBy(unary);
    await expect(client.echoClientStream([{ text: "a" }])).rejects.toMatchObject({
      code: Status.UNIMPLEMENTED,
      description:
        "this runtime's fetch cannot stream requests: send them by unary calls, or call from where it can, such as Node.js",
    });
    expect(sent).toHaveLength(0);
  } finally {
    globalThis.Request = own;
  }
});
