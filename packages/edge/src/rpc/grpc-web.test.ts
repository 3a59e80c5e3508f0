import { describe, expect, test } from "@jest/globals";
import { Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { createLogger, errorBoundary, notFound, type AnyMiddleware } from "@callwire/server-kit";
import { gunzipSync, gzipSync } from "node:zlib";
import { post, PROBE, requestBytes, responseOf, type RawAnswer } from "../testing/call-rpc.js";
import { frame, framesOf, trailersOf } from "../testing/frames.js";
import { serveEdge, type Behind } from "../testing/serve-edge.js";

const bothWays: Behind[] = ["server", "channel"];
const BINARY = "application/grpc-web+proto";
const TEXT = "application/grpc-web-text";
const padding = "x".repeat(5000);

/** Answers with the metadata that it is sent, in header and trailers. */
const echo: AnyMiddleware = {
  name: "echo",
  arrived({ metadata, header, trailer }) {
    for (const [name, values] of metadata) {
      if (name.startsWith("x-seen")) for (const value of values) header.append(name, value);
      else if (name.startsWith("x-end")) for (const value of values) trailer.append(name, value);
      else if (name === "cookie") header.set("x-cookie", "seen");
      header.set("set-cookie", "session=2");
    }
  },
};

function messagesOf(answer: RawAnswer): [messages: unknown[], trailers: Record<string, string>] {
  const frames = framesOf(answer.body);
  const [flags, last] = frames.pop()!;
  expect(flags).toBe(0x80);
  return [frames.map(([, data]) => responseOf("WatchNumbers", data)), trailersOf(last)];
}

describe.each(bothWays)("before a %s, gRPC-Web", (behind) => {
  test("has one response, with metadata both ways, and no cookies", async () => {
    await using served = await serveEdge({ behind, middleware: [echo] });
    const body = frame(0, requestBytes("Bind", { id: "7", tags: ["a"] }));
    const answer = await post(`${served.url}${PROBE}/Bind`, BINARY, body, {
      "x-seen": "a, b",
      "x-seen-bin": "AQI, Aw==",
      "x-end-bin": "AQI",
      cookie: "session=1",
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, BINARY]);
    expect(answer.headers.get("content-length")).toBe(String(answer.body.length));
    expect(answer.headers.get("x-seen")).toBe("a, b");
    expect(answer.headers.get("x-seen-bin")).toBe("AQI, Aw");
    expect(answer.headers.get("x-cookie")).toBeNull();
    expect(answer.headers.get("set-cookie")).toBeNull();
    const [message, last, ...others] = framesOf(answer.body);
    expect(others).toEqual([]);
    expect(responseOf("Bind", message![1])).toEqual({ request: { id: "7", tags: ["a"] }, tags: ["a"] });
    expect([last![0], trailersOf(last![1])]).toEqual([0x80, { "grpc-status": "0", "x-end-bin": "AQI" }]);
  });

  test("has a stream of responses, as bytes and as text", async () => {
    await using served = await serveEdge({ behind });
    const url = `${served.url}${PROBE}/WatchNumbers`;
    const request = frame(0, requestBytes("WatchNumbers", { count: 2, failCode: 9 }));
    const numbers = [
      { number: 1, resumeToken: "1" },
      { number: 2, resumeToken: "2" },
    ];
    const trailers = { "grpc-status": "9", "grpc-message": "failed with 9" };
    const bytes = await post(url, "application/grpc-web", request);
    expect(messagesOf(bytes)).toEqual([numbers, trailers]);
    const text = await post(url, TEXT, request.toString("base64"));
    expect(text.headers.get("content-type")).toBe(TEXT);
    // Each frame is base64 of its own: it can be read before the next one has come.
    const pieces = text.body.toString().split(/(?<==)(?!=)/);
    const body = Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));
    expect(messagesOf({ ...text, body })).toEqual([numbers, trailers]);
  });

  test("has a stream of requests, and base64 in pieces that end anywhere", async () => {
    await using served = await serveEdge({ behind });
    const url = `${served.url}${PROBE}/Sum`;
    const frames = [1, 2, 3].map((number) => frame(0, requestBytes("Sum", { number })));
    const [sum] = framesOf((await post(url, BINARY, Buffer.concat(frames))).body);
    expect(responseOf("Sum", sum![1])).toMatchObject({ sum: 6, count: 3 });
    const all = Buffer.concat(frames);
    for (const size of [1, 2, 3, 4, all.length]) {
      const text = all.toString("latin1").match(new RegExp(`[^]{1,${size}}`, "g"))!;
      const pieces = text.map((piece) => Buffer.from(piece, "latin1").toString("base64"));
      const answer = await post(url, TEXT, pieces.join(""));
      const [same] = framesOf(Buffer.from(answer.body.toString(), "base64"));
      expect(responseOf("Sum", same![1])).toMatchObject({ sum: 6, count: 3 });
    }
  });

  test("compresses both ways, if the client takes it and it is worth it", async () => {
    await using served = await serveEdge({ behind });
    const url = `${served.url}${PROBE}/WatchNumbers`;
    const request = requestBytes("WatchNumbers", { count: 1, padding: 5000 });
    const headers = { "grpc-encoding": "gzip", "grpc-accept-encoding": "identity,gzip" };
    const answer = await post(url, BINARY, frame(1, gzipSync(request)), headers);
    expect(answer.headers.get("grpc-encoding")).toBe("gzip");
    const [message, last] = framesOf(answer.body);
    expect([message![0], last![0]]).toEqual([1, 0x80]);
    expect(responseOf("WatchNumbers", gunzipSync(message![1]))).toMatchObject({ padding });
    const short = frame(0, requestBytes("WatchNumbers", { count: 1 }));
    expect(framesOf((await post(url, BINARY, short, headers)).body)[0]![0]).toBe(0);
    const plain = await post(url, BINARY, frame(0, request), { "grpc-encoding": "gzip" });
    expect(plain.headers.get("grpc-encoding")).toBeNull();
    expect(framesOf(plain.body)[0]![0]).toBe(0);
  });

  test("sends details, and a message that is percent-encoded", async () => {
    const fails: AnyMiddleware = {
      name: "fails",
      arrived() {
        throw notFound({ resource: "thing", id: "é" });
      },
    };
    const logger = createLogger({ level: "silent" });
    await using served = await serveEdge({ behind, middleware: [errorBoundary({ logger }), fails] });
    const answer = await post(`${served.url}${PROBE}/Bind`, BINARY, frame(0, ""));
    const trailers = trailersOf(framesOf(answer.body)[0]![1]);
    expect(trailers).toMatchObject({
      "grpc-status": "5",
      "grpc-message": "thing '%C3%A9' does not exist",
    });
    const status = RpcStatus.decode(Buffer.from(trailers["grpc-status-details-bin"]!, "base64"));
    expect(status.details.map(({ typeUrl }) => typeUrl)).toEqual([
      "type.googleapis.com/google.rpc.ErrorInfo",
      "type.googleapis.com/google.rpc.ResourceInfo",
    ]);
  });

  test("has the client's deadline", async () => {
    await using served = await serveEdge({ behind });
    const request = frame(0, requestBytes("WatchNumbers", { resumeToken: "x" }));
    const answer = await post(`${served.url}${PROBE}/WatchNumbers`, BINARY, request, {
      "grpc-timeout": "1n",
    });
    expect(messagesOf(answer)[1]).toMatchObject({ "grpc-status": "4" });
  });

  test("takes JSON by its name", async () => {
    await using served = await serveEdge({ behind });
    const request = frame(0, requestBytes("Bind", { id: "7" }, "json"));
    const answer = await post(`${served.url}${PROBE}/Bind`, "application/grpc-web+json", request);
    expect(responseOf("Bind", framesOf(answer.body)[0]![1], "json")).toEqual({ request: { id: "7" } });
  });
});
