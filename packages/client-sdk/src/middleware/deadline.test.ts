import { createServer as createHttp2Server, type Http2Server, type IncomingHttpHeaders } from "node:http2";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { createServer } from "nice-grpc";
import { Status } from "nice-grpc-common";
import { createClient } from "../test-room/clients.js";
import { checkTimeout, callTimeout } from "./deadline.js";

/** A server without any gRPC library: refuses every call with the status it is given, and records the headers. */
async function startRawServer(status: number) {
  const seen: IncomingHttpHeaders[] = [];
  const server: Http2Server = createHttp2Server();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    seen.push(headers);
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": String(status) },
      { endStream: true },
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

test("is in the headers of every attempt, less each time, and in no header when there is none", async () => {
  await using server = await startRawServer(Status.UNAVAILABLE);
  await using client = createClient(EchoServiceDefinition, {
    address: server.address,
    retry: { maxAttempts: 3, initialBackoffMs: 20 },
  });
  await expect(client.echoUnary({}, { timeoutMs: 5_000 })).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
  });
  const timeouts = server.seen.map((headers) =>
    Number(/^(\d{1,8})m$/.exec(String(headers["grpc-timeout"]))?.[1]),
  );
  expect(timeouts).toHaveLength(3);
  expect(timeouts[0]).toBeLessThanOrEqual(5_000);
  expect(timeouts[1]).toBeLessThan(timeouts[0]!);
  expect(timeouts[2]).toBeLessThan(timeouts[1]!);

  server.seen.length = 0;
  await expect(client.echoUnary({}, { timeoutMs: Infinity, retry: false })).rejects.toThrow("UNAVAILABLE");
  await expect(
    client.echoServerStream({}, { retry: false })[Symbol.asyncIterator]().next(),
  ).rejects.toThrow();
  expect(server.seen.map((headers) => headers["grpc-timeout"])).toEqual([undefined, undefined]);
});

test("is known to a grpc-js server, by default in 30 seconds", async () => {
  const deadlines: number[] = [];
  const server = createServer({
    interceptors: [
      (_: unknown, call: { getDeadline(): Date | number }) => {
        deadlines.push(Number(call.getDeadline()) - Date.now());
        return call;
      },
    ],
  });
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen("127.0.0.1:0");
  try {
    await using client = createClient(EchoServiceDefinition, { address: `127.0.0.1:${port}` });
    await client.echoUnary({});
    await client.echoUnary({}, { timeoutMs: 1e12 });
    expect(deadlines[0]).toBeLessThanOrEqual(30_001);
    expect(deadlines[0]).toBeGreaterThan(20_000);
    expect(deadlines[1]).toBeGreaterThan(2 ** 31 - 60_000);
    expect(deadlines[1]).toBeLessThan(2 ** 31);
  } finally {
    server.forceShutdown();
  }
});

test("ends the call on this side too, whatever the server does", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address, timeoutMs: 50 });
  const fault = { waitForAbort: true };
  await expect(client.echoUnary({ fault })).rejects.toMatchObject({
    name: "CallError",
    code: Status.DEADLINE_EXCEEDED,
    method: "callwire.echo.v1.EchoService/EchoUnary",
    requestId: expect.any(String),
  });
});

test("ends a call that waits for its token", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  const token = () => new Promise<string>(() => {});
  await using client = createClient(EchoServiceDefinition, { address: server.address, token, timeoutMs: 50 });
  await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
});

test("leaves no timer when the call is over", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  await client.echoUnary({});
  const before = timers();
  await Promise.all(Array.from({ length: 10 }, () => client.echoUnary({})));
  for await (const _ of client.echoServerStream({ count: 3 }, { timeoutMs: 60_000 })) break;
  expect(timers()).toBeLessThan(before + 5);
});

test.each([0, -1, NaN])(
  "of %d ms is refused, by the client at once and by a call as INVALID_ARGUMENT",
  async (timeoutMs) => {
    expect(() => checkTimeout(timeoutMs)).toThrow(
      /timeoutMs is .*: it must be a number of more than 0; Infinity means no limit/,
    );
    const address = "127.0.0.1:1";
    expect(() => createClient(EchoServiceDefinition, { address, timeoutMs })).toThrow(RangeError);
    await using client = createClient(EchoServiceDefinition, { address });
    await expect(client.echoUnary({}, { timeoutMs })).rejects.toMatchObject({
      name: "CallError",
      code: Status.INVALID_ARGUMENT,
      description: expect.stringContaining("timeoutMs"),
    });
  },
);

test("is what the call asks for, or the default unless it streams", () => {
  const unary = { path: "/a.B/C", requestStream: false, responseStream: false, options: {} };
  const watch = { ...unary, responseStream: true };
  const upload = { ...unary, requestStream: true };
  expect(callTimeout(unary, undefined, 7)).toBe(7);
  expect(callTimeout(unary, 9, 7)).toBe(9);
  expect(callTimeout(unary, Infinity, 7)).toBe(Infinity);
  expect(callTimeout(watch, undefined, 7)).toBe(Infinity);
  expect(callTimeout(upload, undefined, 7)).toBe(Infinity);
  expect(callTimeout(watch, 9, 7)).toBe(9);
  expect(callTimeout(unary, 1e12, 7)).toBe(2_147_483_000);
});
