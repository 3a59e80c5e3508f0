// Ends of a call that a proxy makes whose server is gone, over both runtimes.
import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { EchoServiceDefinition, EchoUnaryRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import { createClient } from "../test-room/clients.js";
import { isTransient } from "../internal/retry-policy.js";

function answer(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  // The response has the request's fields.
  stream.end(
    lengthPrefixed(EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: "at last" })).finish()),
  );
}

function page(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 502, "content-type": "text/html" });
  stream.end("<html>no server</html>");
}

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INTERNAL_ERROR } = constants;

/** A server that treats calls by turns as `endings` say, and the next ones well. */
async function startGone(endings: ((stream: ServerHttp2Stream) => void)[]) {
  let calls = 0;
  const server = createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    // Not before the request has come as a whole.
    stream.on("end", () => (endings[calls++] ?? answer)(stream)).resume();
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await once(server.close(), "close");
    },
  };
}

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ["a page with 502", page],
  ["RST_STREAM(INTERNAL_ERROR)", (stream) => stream.close(NGHTTP2_INTERNAL_ERROR)],
  ["RST_STREAM(CANCEL)", (stream) => stream.close(NGHTTP2_CANCEL)],
])("a safe call that ends by %s is sent again", async (_, end) => {
  await using server = await startGone([end, end]);
  await using client = createClient(EchoServiceDefinition, {
    address: server.address,
    retry: { initialBackoffMs: 5 },
  });
  expect(await client.echoUnary({})).toEqual({ text: "at last" });
  expect(server.calls()).toBe(3);
});

test("a call that is not safe, or that was too much, is not", async () => {
  await using server = await startGone([
    (stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
    (stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM),
  ]);
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  await expect(client.echoUnary({}, { retry: false })).rejects.toMatchObject({ code: Status.INTERNAL });
  await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  expect(server.calls()).toBe(2);
});

test.each([
  [Status.UNAVAILABLE, "status", true],
  [Status.INTERNAL, "reset", true],
  [Status.UNKNOWN, "reset", true],
  [Status.CANCELLED, "reset", true],
  [Status.INTERNAL, "status", false],
  [Status.UNKNOWN, "status", false],
  [Status.CANCELLED, "local", false],
  [Status.RESOURCE_EXHAUSTED, "reset", false],
  [Status.PERMISSION_DENIED, "reset", false],
] as const)("code %d that came as %s: sent again is %p", (code, origin, transient) => {
  expect(isTransient(code, origin)).toBe(transient);
});
