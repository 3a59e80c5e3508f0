// oxlint-disable eslint/require-yield -- what ends before its first message is what is tested
import { getEventListeners, once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import {
  Metadata,
  ServerError,
  Status,
  type CallContext,
  type ServerMiddlewareCall,
  type ServerMiddleware,
} from "nice-grpc-common";
import { RunningCalls } from "./running-calls.js";

const stop = new ServerError(Status.UNAVAILABLE, "stopping");

/** Runs a middleware around a handler of response streams, as a runtime does. */
function run(
  middleware: ServerMiddleware,
  signal: AbortSignal,
  handler: (context: CallContext) => AsyncGenerator<number, void, undefined>,
): AsyncGenerator<number, number | void, undefined> {
  const context = {
    metadata: Metadata(),
    header: Metadata(),
    trailer: Metadata(),
    peer: "",
    sendHeader() {},
    signal,
  };
  const call: ServerMiddlewareCall<string, number> = {
    method: { path: "/test.Service/Watch", requestStream: false, responseStream: true, options: {} },
    requestStream: false,
    request: "",
    responseStream: true,
    next: (_request, context) => handler(context),
  };
  return middleware(call, context);
}

describe("a response stream", () => {
  test("passes messages, and the errors of its handler", async () => {
    const calls = new RunningCalls();
    const { signal } = new AbortController();
    const stream = run(calls.middleware(), signal, async function* () {
      yield 1;
      throw new Error("mine");
    });
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    expect(calls.paths).toEqual(["/test.Service/Watch"]);
    await expect(stream.next()).rejects.toThrow("mine");
    expect(calls.paths).toEqual([]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("passes return and throw on to its handler", async () => {
    const seen: unknown[] = [];
    const handler = async function* () {
      try {
        yield 1;
      } catch (error) {
        seen.push(error);
        yield 2;
      } finally {
        seen.push("finally");
      }
    };
    const calls = new RunningCalls();
    const { signal } = new AbortController();
    const returned = run(calls.middleware(), signal, handler);
    await returned.next();
    await returned.return();
    expect(seen.splice(0)).toEqual(["finally"]);
    const thrown = run(calls.middleware(), signal, handler);
    await thrown.next();
    expect(await thrown.throw(stop)).toEqual({ done: false, value: 2 });
    await thrown.next();
    expect(seen).toEqual([stop, "finally"]);
    expect(calls.paths).toEqual([]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("ends while its handler waits, whether that heeds its signal or not", async () => {
    const calls = new RunningCalls();
    const { signal } = new AbortController();
    let end = () => {};
    const ended = new Promise<void>((resolve) => (end = resolve));
    const heeding = run(calls.middleware(), signal, async function* (context) {
      try {
        await once(context.signal, "abort");
      } finally {
        end();
      }
    });
    const deaf = run(calls.middleware(), signal, async function* () {
      await new Promise(() => {});
    });
    const waiting = Promise.allSettled([heeding.next(), deaf.next()]);
    calls.endStreams(stop);
    expect(await waiting).toEqual([
      { status: "rejected", reason: stop },
      { status: "rejected", reason: stop },
    ]);
    await ended;
    expect(calls.paths).toEqual([]);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("ends at its next message if it is between two, and runs its handler's finally", async () => {
    const calls = new RunningCalls();
    let ended = false;
    const stream = run(calls.middleware(), new AbortController().signal, async function* () {
      try {
        for (;;) yield 1;
      } finally {
        ended = true;
      }
    });
    await stream.next();
    calls.endStreams(stop);
    await expect(stream.next()).rejects.toBe(stop);
    expect(ended).toBe(true);
  });

  test("that begins after the end never reaches its handler", async () => {
    const calls = new RunningCalls();
    calls.endStreams(stop);
    let began = false;
    const stream = run(calls.middleware(), new AbortController().signal, async function* () {
      began = true;
    });
    await expect(stream.next()).rejects.toBe(stop);
    expect(began).toBe(false);
  });

  test("gives its handler a signal that says of the call's own end, past or future", async () => {
    const calls = new RunningCalls();
    const controller = new AbortController();
    const reasons: unknown[] = [];
    const open = () =>
      run(calls.middleware(), controller.signal, async function* ({ signal }) {
        if (!signal.aborted) await once(signal, "abort");
        reasons.push(signal.reason);
      });
    const before = open().next();
    controller.abort("gone");
    await before;
    await open().next();
    expect(reasons).toEqual(["gone", "gone"]);
  });
});
