// The application's middleware around calls of the client for browsers: as in the SDK's own pipeline.
import { getEventListeners } from "node:events";
import { expect, jest, test } from "@jest/globals";
import type { ClientPhases } from "@callwire/transport/seam";
import { ClientError, Status } from "nice-grpc-common";
import { answeredBy, echoBytes, envelope, response } from "../test-room/web/answers.js";

const unary = () => response("application/proto", echoBytes("a"));
const failing = (code: string, headers = {}) =>
  new Response(JSON.stringify({ code, message: "no" }), {
    status: 503,
    headers: { "content-type": "application/json", ...headers },
  });

/** Phases that note each moment, and add their name to messages and errors. */
function noting(name: string, events: string[]): ClientPhases {
  const note = (moment: string) => void events.push(`${name} ${moment}`);
  const named = (message: unknown) => ({ text: `${(message as { text: string }).text} ${name}` });
  return {
    began: () => note("began"),
    attempted: () => note("attempted"),
    request: named,
    response: named,
    retryAfterMs: () => (note("retryAfterMs"), undefined),
    failed: (error) => (note("failed"), error),
    ended: (_, code) => note(`ended ${code}`),
  };
}

test("they run from the outermost in, and answers from the innermost out", async () => {
  const events: string[] = [];
  const middleware = [noting("outer", events), noting("inner", events)];
  const { client, sent } = answeredBy(() => (sent.length === 1 ? unary() : failing("aborted")), {
    middleware,
  });
  expect(await client.echoUnary({ text: "q" })).toEqual({ text: "a inner outer" });
  expect(sent[0]!.body).toEqual(echoBytes("q outer inner"));
  const began = ["outer began", "inner began", "outer attempted", "inner attempted"];
  expect(events.splice(0)).toEqual([...began, "inner ended 0", "outer ended 0"]);
  await expect(client.echoUnary({ text: "q" })).rejects.toMatchObject({ code: Status.ABORTED });
  expect(events).toEqual([
    ...began,
    "inner retryAfterMs",
    "outer retryAfterMs",
    "inner failed",
    "outer failed",
    `inner ended ${Status.ABORTED}`,
    `outer ended ${Status.ABORTED}`,
  ]);
});

test("one may try a call again, and the caller hears of the attempt that counts alone", async () => {
  const trailers: (string | undefined)[] = [];
  const { client, sent } = answeredBy(
    () => failing("aborted", { "trailer-x-attempt": String(sent.length) }),
    { middleware: [{ retryAfterMs: (_, __, { attempts }) => (attempts < 3 ? 0 : undefined) }] },
  );
  const onTrailer = (trailer: { get(name: string): unknown }) =>
    void trailers.push(trailer.get("x-attempt") as string);
  await expect(client.echoUnary({}, { onTrailer })).rejects.toMatchObject({ code: Status.ABORTED });
  expect(sent).toHaveLength(3);
  expect(trailers).toEqual(["3"]);
});

test("an attempt takes its listeners with it", async () => {
  const counts: number[] = [];
  const { signal } = new AbortController();
  const attemptsOf = answeredBy(
    (sent) => {
      counts.push(getEventListeners(sent.signal, "abort").length, getEventListeners(signal, "abort").length);
      return failing("aborted");
    },
    { middleware: [{ retryAfterMs: (_, __, { attempts }) => (attempts < 12 ? 0 : undefined) }] },
  );
  await expect(attemptsOf.client.echoUnary({}, { signal })).rejects.toMatchObject({ code: Status.ABORTED });
  expect(attemptsOf.sent).toHaveLength(12);
  // At the eleventh, Node.js warns of a leak.
  expect(Math.max(...counts)).toBe(1);
});

test("a body that goes on is cancelled with its call", async () => {
  const events: string[] = [];
  let isRead!: () => void;
  const read = new Promise<void>((resolve) => (isRead = resolve));
  const body = () =>
    new ReadableStream<Uint8Array>(
      { pull: () => isRead(), cancel: () => void events.push("cancelled") },
      { highWaterMark: 0 },
    );
  const { client } = answeredBy(
    () => new Response(body(), { headers: { "content-type": "application/proto" } }),
  );
  const controller = new AbortController();
  const answer = client.echoUnary({}, { signal: controller.signal });
  await read;
  controller.abort("enough");
  expect(events).toEqual(["cancelled"]);
  await expect(answer).rejects.toBe("enough");
});

test("a wait of more than a timer takes is a wait, and ends with the caller's signal", async () => {
  let asked!: () => void;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const retryAfterMs = () => (asked(), 2 ** 32);
  const { client, sent } = answeredBy(() => failing("aborted"), { middleware: [{ retryAfterMs }] });
  const controller = new AbortController();
  const answer = client.echoUnary({}, { signal: controller.signal });
  await isAsked;
  // A timer of that length would fire at once.
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort();
  await expect(answer).rejects.toThrow("aborted");
  expect(sent).toHaveLength(1);
});

test("if `began` throws, those inside never hear of the call", async () => {
  const events: string[] = [];
  const thrower: ClientPhases = {
    began() {
      throw new ClientError("/a.B/C", Status.FAILED_PRECONDITION, "mine");
    },
    ended: () => void events.push("thrower ended"),
  };
  const middleware = [noting("outer", events), thrower, noting("inner", events)];
  const { client, sent } = answeredBy(unary, { middleware });
  await expect(client.echoUnary({})).rejects.toMatchObject({ description: "mine", origin: "local" });
  expect(events).toEqual(["outer began", "outer failed", "thrower ended", "outer ended 9"]);
  expect(sent).toHaveLength(0);
});

test.each<[string, object]>([
  ["began", { began: async () => {} }],
  ["request", { request: async (message: unknown) => message }],
  ["response", { response: async (message: unknown) => message }],
])("a promise from %s is refused", async (phase, phases) => {
  const { client } = answeredBy(unary, { middleware: [phases] });
  await expect(client.echoUnary({})).rejects.toMatchObject({
    code: Status.UNKNOWN,
    description: `a middleware returned a promise from ${phase}, which must not be async`,
  });
});

test("one may be an instance of a class", async () => {
  class Counter implements ClientPhases {
    #calls = 0;
    attempted() {
      this.#calls++;
    }
    response(message: unknown) {
      return { ...(message as object), text: `attempt ${this.#calls}` };
    }
  }
  const { client } = answeredBy(unary, { middleware: [new Counter()] });
  expect(await client.echoUnary({})).toEqual({ text: "attempt 1" });
});

test("what must not throw and does is a warning, and the error stays", async () => {
  using warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  const bug = () => {
    throw new Error("a bug");
  };
  const ended = jest.fn();
  const middleware = [{ ended }, { failed: bug, ended: bug, retryAfterMs: bug }];
  const { client } = answeredBy(() => failing("aborted"), { middleware });
  await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.ABORTED });
  expect(ended).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledTimes(3);
});

test("an attempt waits for one, no longer than the call lasts", async () => {
  let go = () => {};
  const wait = new Promise<void>((resolve) => (go = resolve));
  const { client, sent } = answeredBy(unary, { middleware: [{ attempted: () => wait }] });
  const call = client.echoUnary({});
  await expect(client.echoUnary({}, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
  await expect(client.echoUnary({}, { timeoutMs: 1 })).rejects.toMatchObject({
    code: Status.DEADLINE_EXCEEDED,
  });
  expect(sent).toHaveLength(0);
  go();
  expect(await call).toEqual({ text: "a" });
  const refusing = answeredBy(unary, { middleware: [{ attempted: () => Promise.reject(new Error("no")) }] });
  await expect(refusing.client.echoUnary({})).rejects.toMatchObject({ description: "no", origin: "local" });
});

test("an attempt waits for none once the call is over", async () => {
  const controller = new AbortController();
  const middleware: ClientPhases[] = [
    { attempted: () => controller.abort("enough") },
    { attempted: () => new Promise(() => {}) },
  ];
  const { client } = answeredBy(unary, { middleware });
  await expect(client.echoUnary({}, { signal: controller.signal })).rejects.toBe("enough");
});

test.each(["onHeader", "onTrailer"] as const)("%s may fail the call, and is called once", async (name) => {
  const { client } = answeredBy(unary);
  const throwing = jest.fn(() => {
    throw new Error("mine");
  });
  await expect(client.echoUnary({}, { [name]: throwing })).rejects.toMatchObject({ description: "mine" });
  expect(throwing).toHaveBeenCalledTimes(1);
});

test("a reader who leaves is told of no error, and the end is CANCELLED", async () => {
  const failed = jest.fn((error: unknown) => error);
  const codes: Status[] = [];
  const middleware: ClientPhases[] = [{ failed, ended: (_, code) => void codes.push(code) }];
  const message = envelope(0, echoBytes("a"));
  const answer = () =>
    new Response(new ReadableStream({ start: (to) => to.enqueue(message) }), {
      headers: { "content-type": "application/connect+proto" },
    });
  const { client } = answeredBy(answer, { middleware });
  for await (const _ of client.echoServerStream({})) break;
  const waiting = client.echoServerStream({})[Symbol.asyncIterator]();
  await waiting.next();
  const next = waiting.next();
  await waiting.return!();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(codes).toEqual([Status.CANCELLED, Status.CANCELLED]);
  expect(failed).not.toHaveBeenCalled();
});

test("a message that has come is not given after the call was aborted", async () => {
  // One piece, so that both have come.
  const two = Uint8Array.of(...envelope(0, echoBytes("a")), ...envelope(0, echoBytes("b")));
  const { client } = answeredBy(() => response("application/connect+proto", two));
  const controller = new AbortController();
  const messages = client.echoServerStream({}, { signal: controller.signal })[Symbol.asyncIterator]();
  expect((await messages.next()).value).toMatchObject({ text: "a" });
  controller.abort("enough");
  await expect(messages.next()).rejects.toBe("enough");
});

test("retries end when most calls fail, at the wish of the server, and at the deadline", async () => {
  const busy = () => failing("unavailable");
  const quick = { initialBackoffMs: 1, maxBackoffMs: 1 };
  const throttled = answeredBy(busy, { retry: { ...quick, maxTokens: 4 } });
  await expect(throttled.client.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  // At half of the tokens there is no retry.
  expect(throttled.sent).toHaveLength(2);
  const bounded = answeredBy(busy, { retry: { ...quick, maxAttempts: undefined as never } });
  await expect(bounded.client.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  expect(bounded.sent).toHaveLength(4);
  const pushed = answeredBy(() => failing("unavailable", { "trailer-grpc-retry-pushback-ms": "100000" }));
  await expect(pushed.client.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  expect(pushed.sent).toHaveLength(1);
});
