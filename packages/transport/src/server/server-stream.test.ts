import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { methodsOf } from "../grpc/definitions.js";
import { ErrorCode } from "../http2/errors.js";
import { LazyContext } from "./call-context.js";
import type { RequestHead } from "./request-head.js";
import { responseFields } from "./response-writer.js";
import type { ServerMethod } from "./server-method.js";
import { serverLimits } from "./server-options.js";
import { ServerStream, type StreamHost, type StreamOwner } from "./server-stream.js";

// A stream without a connection, and without a call.

const message = (text: string): Buffer =>
  lengthPrefixed(EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text })).finish());

function methodOf(name: string): ServerMethod {
  const { descriptor, request, response } = methodsOf(EchoServiceDefinition).find(
    (method) => method.name === name,
  )!;
  const handler = (): never => {
    throw new Error("a stream runs no handler");
  };
  return {
    descriptor,
    request,
    response,
    handler,
    middleware: undefined,
    phases: undefined,
    responseFields: responseFields(undefined),
    contextClass: LazyContext,
  };
}

/** A stream whose headers came a minute ago, and what it has called back. */
function open(name: "echoUnary" | "echoClientStream") {
  const calls: unknown[][] = [];
  const note =
    (what: string) =>
    (...values: unknown[]): void => {
      calls.push([what, ...values]);
    };
  const owner: StreamOwner = {
    method: methodOf(name),
    finished: false,
    onMessage: (received) => ({ seen: (received as EchoUnaryRequest).text }),
    onRequest: note("request"),
    fail: (error) => note("fail")((error as Error).message),
    onRequestTimeout: note("timeout"),
    onAnswerTimeout: note("answer timeout"),
    onAborted: note("aborted"),
    onDrained: note("drained"),
    onSent: note("sent"),
    endStream: note("ended"),
  };
  let consumed = 0;
  let isHeldBack = false;
  const host = {
    consume: (_stream: unknown, bytes: number) => (consumed += bytes),
    advance: () => {},
    keep: () => true,
    isHeldBack: () => isHeldBack,
    limits: serverLimits({}, {}),
    stats: { messagesReceived: 0 },
  } as unknown as StreamHost;
  const head = { encoding: "identity" } as RequestHead;
  const stream = new ServerStream(owner, head, host, performance.now() - 60_000);
  stream.connection = host;
  return {
    stream,
    calls,
    owner: owner as { -readonly [K in keyof StreamOwner]: StreamOwner[K] },
    consumed: () => consumed,
    holdBack: (value: boolean) => (isHeldBack = value),
    /** DATA comes. */
    send(bytes: Buffer, endStream = false) {
      stream.remoteEnded ||= endStream;
      stream.onData(bytes, 0, bytes.length, endStream);
    },
    /** True if the client is waited for, at the latest from now on, and has been for half a minute. */
    waits: () => [
      stream.hasWaitedSince(performance.now() + 1),
      stream.hasWaitedSince(performance.now() - 30_000),
    ],
  };
}

describe("what a stream hands to its call", () => {
  test("the only message, when the request has ended", () => {
    const { stream, send, calls, consumed } = open("echoUnary");
    stream.start();
    const bytes = message("a");
    send(bytes);
    // Until then it waits here, and counts.
    expect([calls, consumed()]).toEqual([[], 0]);
    send(Buffer.alloc(0), true);
    expect(calls).toEqual([["request", { seen: "a" }]]);
    expect(consumed()).toBe(bytes.length);
  });

  test("nothing before it is started", () => {
    const { stream, send, calls, consumed } = open("echoUnary");
    stream.hold();
    send(message("a"), true);
    expect([calls, consumed()]).toEqual([[], 0]);
    stream.start();
    expect(calls).toEqual([["request", { seen: "a" }]]);
  });

  test("the messages of a stream, which cost its window until they are read", async () => {
    const { stream, send, calls, consumed } = open("echoClientStream");
    stream.start();
    const [[what, messages]] = calls as [[string, AsyncIterableIterator<unknown>]];
    expect(what).toBe("request");
    const bytes = message("a");
    send(bytes);
    send(message("b"), true);
    expect(consumed()).toBe(0);
    expect(await messages.next()).toEqual({ done: false, value: { seen: "a" } });
    expect(consumed()).toBe(bytes.length);
    expect(await messages.next()).toEqual({ done: false, value: { seen: "b" } });
    expect(await messages.next()).toEqual({ done: true, value: undefined });
  });

  test("nothing when the call is over: what still comes is passed over", () => {
    const { stream, send, calls, owner, consumed } = open("echoUnary");
    stream.start();
    owner.finished = true;
    stream.close();
    send(message("a"), true);
    expect(calls).toEqual([]);
    expect(consumed()).toBe(message("a").length);
    expect(stream.hasWaitedSince(performance.now())).toBe(false);
  });

  test("that it was cut short", () => {
    const { stream, calls } = open("echoUnary");
    stream.onAborted(ErrorCode.CANCEL, "");
    expect(calls).toEqual([["aborted", ErrorCode.CANCEL]]);
  });
});

describe("a client is waited for", () => {
  test("from the headers on, if it has one message to send, until that is there", () => {
    const { stream, send, waits } = open("echoUnary");
    stream.start();
    expect(waits()).toEqual([true, true]);
    send(message("a").subarray(0, 3));
    expect(waits()).toEqual([true, true]);
    send(message("a").subarray(3), true);
    expect(waits()).toEqual([false, false]);
  });

  test("only while a message of a stream has begun, and the handler has none", async () => {
    const { stream, send, calls, waits } = open("echoClientStream");
    stream.start();
    const messages = calls[0]![1] as AsyncIterableIterator<unknown>;
    expect(waits()).toEqual([false, false]);
    send(message("a").subarray(0, 3));
    expect(waits()).toEqual([true, false]);
    send(Buffer.concat([message("a").subarray(3), message("b").subarray(0, 3)]));
    expect(waits()).toEqual([false, false]);
    await messages.next();
    expect(waits()).toEqual([true, false]);
    send(message("b").subarray(3));
    expect(waits()).toEqual([false, false]);
  });

  test.each(["echoUnary", "echoClientStream"] as const)(
    "not while the call is admitted, and not for that time: %s",
    (name) => {
      const { stream, send, waits } = open(name);
      stream.hold();
      send(message("a").subarray(0, 3));
      expect(waits()).toEqual([false, false]);
      stream.start();
      expect(waits()).toEqual([true, false]);
    },
  );

  test("not while its message has no room", () => {
    const { stream, send, waits, holdBack } = open("echoUnary");
    stream.start();
    send(message("a").subarray(0, 3));
    holdBack(true);
    expect(waits()).toEqual([false, false]);
    holdBack(false);
    stream.onRoomForMessage();
    expect(waits()).toEqual([true, false]);
  });
});
