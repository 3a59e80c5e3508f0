import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createClient } from "./test-room/clients.js";

/** A server without any gRPC library, which does one thing with each call. */
async function startRaw(answer: (stream: ServerHttp2Stream) => void) {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    answer(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

test.each([
  ["status", (stream: ServerHttp2Stream) => stream.respond({ "grpc-status": "14" }, { endStream: true })],
  ["reset", (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ["reset", (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_CANCEL)],
  ["connection", (stream: ServerHttp2Stream) => stream.session?.destroy()],
] as const)("a call says that it failed by %s", async (origin, answer) => {
  await using server = await startRaw(answer);
  await using client = createClient(EchoServiceDefinition, { address: server.address, retry: false });
  await expect(client.echoUnary({})).rejects.toMatchObject({ name: "CallError", origin });
  const stream = client.echoServerStream({})[Symbol.asyncIterator]();
  await expect(stream.next()).rejects.toMatchObject({ name: "CallError", origin });
});

test("a call says that there was no connection, no time, or that this side ended it", async () => {
  await using nowhere = createClient(EchoServiceDefinition, { address: "127.0.0.1:1", retry: false });
  await expect(nowhere.echoUnary({})).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
    origin: "connection",
  });
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  const client = createClient(EchoServiceDefinition, { address: server.address });
  const late = client.echoUnary({ fault: { waitForAbort: true } }, { timeoutMs: 30 });
  // Both sides have a clock: the server's status may come first.
  await expect(late).rejects.toMatchObject({
    code: Status.DEADLINE_EXCEEDED,
    origin: expect.stringMatching(/^(deadline|status)$/),
  });
  const wrong = client.echoUnary({}, { requestId: "a b" });
  await expect(wrong).rejects.toMatchObject({ code: Status.INVALID_ARGUMENT, origin: "local" });
  client.close();
  await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.CANCELLED, origin: "local" });
});

test("only an error of this side has a stack: what comes from elsewhere has nothing of the caller's in it", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address, retry: false });
  const stackOf = (call: Promise<unknown>) => call.catch((error: unknown) => (error as Error).stack);
  const fault = { code: Status.NOT_FOUND, message: "no user" };
  expect(await stackOf(client.echoUnary({ fault }))).toBe(
    "CallError: callwire.echo.v1.EchoService/EchoUnary NOT_FOUND: no user",
  );
  const late = client.echoUnary({ fault: { waitForAbort: true } }, { timeoutMs: 30 });
  expect(await stackOf(late)).not.toContain("\n    at ");
  expect(await stackOf(client.echoUnary({}, { requestId: "a b" }))).toContain("\n    at ");
});
