// What broken and hostile servers answer: each is an error that says what stood there.
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { answeredBy, echoBytes, envelope, response } from "../test-room/web/answers.js";
import { connect } from "./connect.js";
import { MAX_END_BYTES } from "./fetch-attempt.js";
import { grpcWeb } from "./grpc-web.js";
import type { WebClientOptions } from "./web-options.js";

type Failure = readonly [code: Status, origin: string, description: string];

const CONNECT = "application/connect+proto";
const GRPC_WEB = "application/grpc-web+proto";
const UNARY = "application/proto";
const message = envelope(0, echoBytes("a"));
const ended = envelope(2, "{}");
const trailers = envelope(0x80, "grpc-status: 0\r\n");

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { code, origin, description } = error as { code: Status; origin: string; description: string };
  return [code, origin, description];
}

function unary(answer: () => Response, options: Partial<WebClientOptions>): Promise<unknown> {
  return answeredBy(answer, { retry: false, ...options }).client.echoUnary({ text: "a" });
}

async function stream(answer: () => Response, options: Partial<WebClientOptions>): Promise<unknown> {
  const { client } = answeredBy(answer, { retry: false, ...options });
  const messages: unknown[] = [];
  for await (const each of client.echoServerStream({ text: "a" })) messages.push(each);
  return messages;
}

const page = () =>
  new Response("<html><head>\n<title>502 Bad Gateway</title>", {
    status: 502,
    headers: { "content-type": "text/html", server: "nginx" },
  });
const pageText =
  'HTTP status 502, content-type "text/html", server "nginx": <html><head> <title>502 Bad Gateway</title>';

describe.each([connect, grpcWeb])("by $name", (protocol) => {
  const type = protocol === connect ? CONNECT : GRPC_WEB;
  const end = protocol === connect ? ended : trailers;

  test.each<[string, () => Response, Failure]>([
    ["a page with 502", page, [Status.UNAVAILABLE, "reset", pageText]],
    [
      "a page with 200",
      () => new Response("<p>Sign in", { headers: { "content-type": "text/html" } }),
      [
        Status.UNKNOWN,
        "reset",
        `the response is not ${type.split("+")[0]}, content-type "text/html": <p>Sign in`,
      ],
    ],
    [
      "no such page",
      () => new Response(null, { status: 404 }),
      [Status.UNIMPLEMENTED, "status", "HTTP status 404"],
    ],
    [
      "a message that is longer than its bytes",
      () => response(type, envelope(0, echoBytes("a"), 100)),
      [Status.INTERNAL, "reset", "the response ended inside a message"],
    ],
    [
      "half of an envelope",
      () => response(type, message.slice(0, 3)),
      [Status.INTERNAL, "reset", "the response ended inside a message"],
    ],
    [
      "a message of 4 GiB",
      () => response(type, envelope(0, "", 2 ** 32 - 1)),
      [
        Status.RESOURCE_EXHAUSTED,
        "local",
        "a message of 4294967295 bytes, where maxReceiveMessageBytes allows 16777216",
      ],
    ],
    [
      "trailers without end",
      () => response(type, message, envelope(protocol === connect ? 2 : 0x80, "", MAX_END_BYTES + 1)),
      [Status.RESOURCE_EXHAUSTED, "local", "a message of 262145 bytes, where trailers have 262144"],
    ],
    [
      "no end",
      () => response(type, message),
      [Status.UNKNOWN, "reset", "the response ended without a status"],
    ],
    ["nothing", () => response(type), [Status.UNKNOWN, "reset", "the response ended without a status"]],
    [
      "two ends",
      () => response(type, message, end, end),
      [Status.INTERNAL, "reset", "the response goes on after trailers"],
    ],
    [
      "a compressed message",
      () => response(type, envelope(1, "x")),
      [Status.INTERNAL, "reset", "the response has unknown flags: 1"],
    ],
    [
      "unknown flags",
      () => response(type, envelope(4, "x")),
      [Status.INTERNAL, "reset", "the response has unknown flags: 4"],
    ],
    [
      "what is no message",
      () => response(type, envelope(0, Uint8Array.of(0x0a, 9)), end),
      [Status.INTERNAL, "local", "a response message cannot be decoded: message cut short at byte 2"],
    ],
  ])("a stream that is %s", async (_, answer, failure) => {
    expect(await failureOf(stream(answer, { protocol }))).toEqual(failure);
  });

  test("a connection that is lost", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(message),
      pull: (controller) => controller.error(new TypeError("terminated")),
    });
    const answer = () => new Response(body, { headers: { "content-type": type } });
    expect(await failureOf(stream(answer, { protocol }))).toEqual([
      Status.UNAVAILABLE,
      "connection",
      "the connection was lost: terminated",
    ]);
  });
});

describe("a unary call of Connect", () => {
  const json = (status: number, body: string) =>
    new Response(body, { status, headers: { "content-type": "application/json" } });

  test.each<[string, () => Response, Failure]>([
    ["a page with 502", page, [Status.UNAVAILABLE, "reset", pageText]],
    [
      "a code that nobody knows",
      () => json(503, '{"code":"tired","message":"later"}'),
      [Status.UNAVAILABLE, "status", "later"],
    ],
    ["a code of another kind", () => json(400, '{"code":5,"message":null}'), [Status.INTERNAL, "status", ""]],
    ["an error that is none", () => json(500, '{"code":"ok"}'), [Status.UNKNOWN, "status", ""]],
    [
      "details that are none",
      () => json(404, '{"code":"not_found","details":[{"type":1}]}'),
      [Status.NOT_FOUND, "status", ""],
    ],
    [
      "JSON that is cut short",
      () => json(500, '{"code":"not_f'),
      [Status.UNKNOWN, "reset", 'HTTP status 500, content-type "application/json": {"code":"not_f'],
    ],
    [
      "JSON with 200",
      () => json(200, "{}"),
      [
        Status.INTERNAL,
        "reset",
        'the response is not application/proto, content-type "application/json": {}',
      ],
    ],
    [
      "a page with 200",
      () => new Response("<p>hi", { headers: { "content-type": "text/html" } }),
      [Status.UNKNOWN, "reset", 'the response is not application/proto, content-type "text/html": <p>hi'],
    ],
    [
      "no message",
      () => response(UNARY, Uint8Array.of(0xff)),
      [Status.INTERNAL, "local", "a response message cannot be decoded: message cut short at byte 0"],
    ],
  ])("that is %s", async (_, answer, failure) => {
    expect(await failureOf(unary(answer, {}))).toEqual(failure);
  });

  test("that is an error without end is read as far as its limit", async () => {
    let pulled = 0;
    const part = new Uint8Array(MAX_END_BYTES / 8).fill(0x20);
    const body = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled++;
          controller.enqueue(part);
        },
      });
    const headers = { "content-type": "application/json" };
    const [code] = await failureOf(unary(() => new Response(body(), { status: 503, headers }), {}));
    expect(code).toBe(Status.UNAVAILABLE);
    // What stands in the stream's queue beside.
    expect(pulled).toBeLessThan(12);
  });

  test("that is over the limit", async () => {
    const answer = () => response(UNARY, echoBytes("abcdefgh"));
    expect(await failureOf(unary(answer, { maxReceiveMessageBytes: 9 }))).toEqual([
      Status.RESOURCE_EXHAUSTED,
      "local",
      "a message of 10 bytes, where maxReceiveMessageBytes allows 9",
    ]);
    expect(await unary(answer, { maxReceiveMessageBytes: 10 })).toEqual({ text: "abcdefgh" });
  });

  test("whose stream ends with an error and metadata that are null", async () => {
    const end = envelope(2, '{"error":null,"metadata":null}');
    expect(await stream(() => response(CONNECT, end), {})).toEqual([]);
  });

  test("whose end of a stream cannot be read", async () => {
    expect((await failureOf(stream(() => response(CONNECT, envelope(2, "[")), {})))[2]).toMatch(
      /^the trailers cannot be read: /,
    );
  });
});

describe("a unary call of gRPC-Web", () => {
  test.each<[string, () => Response, Failure]>([
    [
      "two messages",
      () => response(GRPC_WEB, message, message, trailers),
      [Status.UNIMPLEMENTED, "local", "the response has more than one message"],
    ],
    [
      "no message",
      () => response(GRPC_WEB, trailers),
      [Status.UNIMPLEMENTED, "local", "the response has no message"],
    ],
    [
      "trailers without a status",
      () => response(GRPC_WEB, message, envelope(0x80, "x-a: b\r\n")),
      [Status.INTERNAL, "reset", "the trailers cannot be read: they have no grpc-status"],
    ],
    [
      "a status that is none",
      () => response(GRPC_WEB, envelope(0x80, "grpc-status: 99\r\ngrpc-message: a%20b")),
      [Status.UNKNOWN, "status", "a b"],
    ],
  ])("that is %s", async (_, answer, failure) => {
    expect(await failureOf(unary(answer, { protocol: grpcWeb }))).toEqual(failure);
  });

  test("with its trailers as header", async () => {
    const headers = { "content-type": GRPC_WEB, "grpc-status": "5", "grpc-message": "gone", "x-a": "b" };
    const { client } = answeredBy(() => new Response(null, { headers }), { protocol: grpcWeb });
    const error = await client.echoUnary({}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: Status.NOT_FOUND, description: "gone", origin: "status" });
    expect((error as { metadata: { get(name: string): unknown } }).metadata.get("x-a")).toBe("b");
    const well = () => new Response(null, { headers: { ...headers, "grpc-status": "0" } });
    expect(await stream(well, { protocol: grpcWeb })).toEqual([]);
    expect(await failureOf(unary(well, { protocol: grpcWeb }))).toEqual([
      Status.UNIMPLEMENTED,
      "local",
      "the response has no message",
    ]);
  });
});

test("trailers count, whatever status the header of gRPC-Web names", async () => {
  const headers = { "content-type": GRPC_WEB, "grpc-status": "0" };
  const answer = () => new Response(Buffer.from(envelope(0x80, "grpc-status: 9\r\n")), { headers });
  expect(await failureOf(unary(answer, { protocol: grpcWeb }))).toEqual([
    Status.FAILED_PRECONDITION,
    "status",
    "",
  ]);
});

test("a page that is long, or would write over a terminal, is shown in one line", async () => {
  const body = `\u001b[2J<p>\r\n\u2028 ${"x".repeat(2000)}`;
  const headers = { "content-type": "text/html" };
  const [code, , text] = await failureOf(unary(() => new Response(body, { status: 500, headers }), {}));
  expect(code).toBe(Status.UNKNOWN);
  expect(text).toHaveLength(200);
  expect(text).toMatch(/^HTTP status 500, content-type "text\/html": \[2J<p> x+$/);
});

test("a page that does not end is not waited for", async () => {
  jest.useFakeTimers({ doNotFake: ["performance"] });
  try {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("<p>wait")) });
    const failure = failureOf(unary(() => new Response(body, { status: 503 }), {}));
    await jest.advanceTimersByTimeAsync(1000);
    expect(await failure).toEqual([Status.UNAVAILABLE, "reset", "HTTP status 503: <p>wait"]);
  } finally {
    jest.useRealTimers();
  }
});

test("an error of Connect that comes slowly is waited for", async () => {
  jest.useFakeTimers({ doNotFake: ["performance"] });
  try {
    const text = new TextEncoder().encode('{"code":"not_found","message":"gone"}');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(text.subarray(0, 9));
        setTimeout(() => {
          controller.enqueue(text.subarray(9));
          controller.close();
        }, 5000);
      },
    });
    const headers = { "content-type": "application/json" };
    const failure = failureOf(unary(() => new Response(body, { status: 404, headers }), {}));
    await jest.advanceTimersByTimeAsync(5000);
    expect(await failure).toEqual([Status.NOT_FOUND, "status", "gone"]);
  } finally {
    jest.useRealTimers();
  }
});

describe("on a page of another origin", () => {
  const page = globalThis as { location?: { origin: string; href: string } };
  beforeEach(() => {
    page.location = { origin: "https://shop.example.com", href: "https://shop.example.com/" };
  });
  afterEach(() => {
    delete page.location;
  });

  test.each<[string, unknown]>([
    ["Failed to fetch", new TypeError("Failed to fetch")],
    ["undefined", undefined],
    ["a text", "a text"],
    ["an error without a text", Object.create(null)],
  ])("a fetch that rejects with %s names CORS", async (text, thrown) => {
    expect(await failureOf(unary(() => Promise.reject(thrown) as never, {}))).toEqual([
      Status.UNAVAILABLE,
      "connection",
      `http://localhost/rpc could not be reached, or its CORS policy does not allow this page: ${text}`,
    ]);
  });

  test("a status in header fields that the page may not read names CORS", async () => {
    expect(await failureOf(unary(() => response(GRPC_WEB), { protocol: grpcWeb }))).toEqual([
      Status.UNKNOWN,
      "reset",
      "the response ended without a status: its CORS policy must expose grpc-status and grpc-message to this page",
    ]);
  });
});
