import { brotliCompressSync, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { createLogger, errorBoundary, logging, notFound, type AnyMiddleware } from "@callwire/server-kit";
import { recordLog } from "@callwire/server-kit/testing";
import { post, PROBE, requestBytes, responseOf } from "../testing/call-rpc.js";
import { frame, framesOf } from "../testing/frames.js";
import { send, serveEdge, type Behind } from "../testing/serve-edge.js";

const bothWays: Behind[] = ["server", "channel"];
const formats = ["proto", "json"];
const padding = "x".repeat(5000);

/** Answers with the metadata that it is sent, in header and trailers. */
const echo: AnyMiddleware = {
  name: "echo",
  arrived({ metadata, header, trailer }) {
    for (const [name, values] of metadata) {
      if (name.startsWith("x-seen")) for (const value of values) header.append(name, value);
      if (name.startsWith("x-end")) for (const value of values) trailer.append(name, value);
    }
  },
};
const metadata = { "x-seen": "a, b", "x-seen-bin": "AQI", "x-end": "c", "x-end-bin": "Aw==" };

describe.each(bothWays)("before a %s, Connect", (behind) => {
  test.each(formats)("has one response, in %s", async (format) => {
    await using served = await serveEdge({ behind, middleware: [echo] });
    const request = requestBytes("Bind", { id: "7", number: 3 }, format);
    const type = `application/${format}`;
    const answer = await post(`${served.url}${PROBE}/Bind`, type, request, {
      ...metadata,
      "connect-protocol-version": "1",
    });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
    expect(answer.headers.get("accept-encoding")).toBe("br,gzip");
    expect(responseOf("Bind", answer.body, format)).toEqual({ request: { id: "7", number: 3 } });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-seen": "a, b",
      "x-seen-bin": "AQI",
      "trailer-x-end": "c",
      "trailer-x-end-bin": "Aw",
    });
  });

  test("has a status of HTTP and a name for each code", async () => {
    await using served = await serveEdge({ behind });
    const expected: [name: string, status: number][] = [
      ["canceled", 499],
      ["unknown", 500],
      ["invalid_argument", 400],
      ["deadline_exceeded", 504],
      ["not_found", 404],
      ["already_exists", 409],
      ["permission_denied", 403],
      ["resource_exhausted", 429],
      ["failed_precondition", 400],
      ["aborted", 409],
      ["out_of_range", 400],
      ["unimplemented", 501],
      ["internal", 500],
      ["unavailable", 503],
      ["data_loss", 500],
      ["unauthenticated", 401],
    ];
    const answers = expected.map(async (_, index) => {
      const { status, json } = await send(`${served.url}${PROBE}/Bind`, {
        method: "POST",
        json: { failCode: index + 1 },
      });
      const { code, message, ...others } = json as { code: string; message: string };
      expect([message, others]).toEqual([`failed with ${index + 1}`, {}]);
      return [code, status];
    });
    expect(await Promise.all(answers)).toEqual(expected);
  });

  test("names wrong fields, and sends details", async () => {
    const fails: AnyMiddleware = {
      name: "fails",
      request(message) {
        if ((message as { id?: string }).id === "none") throw notFound({ resource: "thing", id: "none" });
        return message;
      },
    };
    const logger = createLogger({ level: "silent" });
    await using served = await serveEdge({ behind, middleware: [errorBoundary({ logger }), fails] });
    const url = `${served.url}${PROBE}/Bind`;
    const missing = await send(url, { method: "POST", json: { id: "none" } });
    expect([missing.status, missing.json]).toEqual([
      404,
      {
        code: "not_found",
        message: "thing 'none' does not exist",
        details: [
          // Without padding, whatever the length.
          { type: "google.rpc.ErrorInfo", value: expect.stringMatching(/^[A-Za-z0-9+/]+$/) },
          { type: "google.rpc.ResourceInfo", value: expect.stringMatching(/^[A-Za-z0-9+/]+$/) },
        ],
      },
    ]);
    const wrong = await send(url, { method: "POST", json: '{"number": "x", "nope": 1}' });
    expect([wrong.status, wrong.json]).toMatchObject([
      400,
      {
        code: "invalid_argument",
        message:
          'number: not an int32: "x"; nope: no field of the message; it has name, id, part, tags, number, fail_code',
        details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.BadRequest" }],
      },
    ]);
  });

  test("answers GET for a method that changes nothing", async () => {
    await using served = await serveEdge({ behind });
    const get = (query: Record<string, string>, method = "GET") => {
      const parameters = new URLSearchParams({ connect: "v1", ...query });
      return fetch(`${served.url}${PROBE}/Query?${parameters.toString()}`, { method });
    };
    const json = '{"stringValue":"é+ &"}';
    const answer = await get({ encoding: "json", message: json });
    expect([answer.status, answer.headers.get("vary")]).toEqual([200, "accept-encoding"]);
    expect(await answer.json()).toEqual({ request: { stringValue: "é+ &" } });
    const escaped = await fetch(
      `${served.url}${PROBE}/Query?%65ncoding=json&mess%61ge=%7B%7D&other=1&other=2&&`,
    );
    expect([escaped.status, await escaped.json()]).toEqual([200, { request: {} }]);
    const head = await get({ encoding: "json", message: json }, "HEAD");
    expect([head.status, head.headers.get("vary"), await head.text()]).toEqual([200, "accept-encoding", ""]);
    expect(head.headers.get("content-length")).toBe(answer.headers.get("content-length"));
    expect((await get({ encoding: "json", message: "{" }, "HEAD")).status).toBe(400);
    const bytes = Buffer.from(requestBytes("Query", { stringValue: "é", int32Value: -1 }));
    const expected = { request: { stringValue: "é", int32Value: -1 } };
    for (const [compression, message] of [
      ["identity", bytes],
      ["gzip", gzipSync(bytes)],
      ["br", brotliCompressSync(bytes)],
    ] as const) {
      const query = { encoding: "proto", base64: "1", message: message.toString("base64url"), compression };
      const same = await get(query);
      expect(responseOf("Query", Buffer.from(await same.arrayBuffer()))).toEqual(expected);
    }
    // Bytes that are no text may be percent-encoded.
    const percent = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const raw = await fetch(`${served.url}${PROBE}/Query?encoding=proto&message=${percent}`);
    expect(responseOf("Query", Buffer.from(await raw.arrayBuffer()))).toEqual(expected);
  });

  test.each(formats)("has a stream of responses, in %s", async (format) => {
    await using served = await serveEdge({ behind, middleware: [echo] });
    const request = frame(0, requestBytes("WatchNumbers", { count: 2, failCode: 8 }, format));
    const type = `application/connect+${format}`;
    const answer = await post(`${served.url}${PROBE}/WatchNumbers`, type, request, metadata);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
    expect(answer.headers.get("x-seen")).toBe("a, b");
    const frames = framesOf(answer.body);
    expect(frames.map(([flags]) => flags)).toEqual([0, 0, 2]);
    expect(responseOf("WatchNumbers", frames[1]![1], format)).toEqual({ number: 2, resumeToken: "2" });
    expect(JSON.parse(frames[2]![1].toString())).toEqual({
      error: { code: "resource_exhausted", message: "failed with 8" },
      metadata: { "x-end": ["c"], "x-end-bin": ["Aw"] },
    });
  });

  test("has a stream of requests", async () => {
    await using served = await serveEdge({ behind });
    const requests = [1, 2].map((number) => frame(0, requestBytes("Sum", { number })));
    const answer = await post(
      `${served.url}${PROBE}/Sum`,
      "application/connect+proto",
      Buffer.concat(requests),
    );
    const [sum, last] = framesOf(answer.body);
    expect(responseOf("Sum", sum![1])).toMatchObject({ sum: 3, count: 2 });
    expect(last).toEqual([2, Buffer.from('{"metadata":{}}')]);
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ] as const)(
    "has thousands of requests that are compressed by %s, of nothing too",
    async (coding, compress) => {
      await using served = await serveEdge({ behind });
      const numbers = Array.from({ length: 3000 }, (_, number) => number % 3);
      const requests = numbers.map((number) => frame(1, compress(requestBytes("Sum", { number }))));
      const type = "application/connect+proto";
      const headers = { "connect-content-encoding": coding };
      const answer = await post(`${served.url}${PROBE}/Sum`, type, Buffer.concat(requests), headers);
      const [sum] = framesOf(answer.body);
      expect(responseOf("Sum", sum![1])).toMatchObject({ sum: 3000, count: 3000 });
    },
  );

  test("compresses bodies and messages, both ways", async () => {
    await using served = await serveEdge({ behind });
    const bind = `${served.url}${PROBE}/Bind`;
    const request = requestBytes("Bind", { id: padding });
    for (const [encoding, body] of [
      ["gzip", gzipSync(request)],
      ["br", brotliCompressSync(request)],
    ] as const) {
      const answer = await post(bind, "application/proto", body, {
        "content-encoding": encoding,
        "accept-encoding": `identity, gzip;q=0, ${encoding}`,
      });
      expect(answer.headers.get("content-encoding")).toBe(encoding);
      expect(responseOf("Bind", answer.body)).toEqual({ request: { id: padding } });
    }
    const small = await post(bind, "application/proto", "", { "content-encoding": "gzip" });
    expect([small.status, small.headers.get("content-encoding")]).toEqual([200, null]);
    const watch = frame(1, gzipSync(requestBytes("WatchNumbers", { count: 1, padding: 5000 })));
    const stream = await post(`${served.url}${PROBE}/WatchNumbers`, "application/connect+proto", watch, {
      "connect-content-encoding": "gzip",
      "connect-accept-encoding": "gzip",
    });
    expect(stream.headers.get("connect-content-encoding")).toBe("gzip");
    const [[flags, message]] = framesOf(stream.body) as [[number, Buffer]];
    expect([flags, responseOf("WatchNumbers", gunzipSync(message))]).toMatchObject([1, { padding }]);
  });

  test("has the client's deadline", async () => {
    await using served = await serveEdge({ behind });
    const answer = await post(`${served.url}${PROBE}/Bind`, "application/json", "{}", {
      "connect-timeout-ms": "0",
    });
    expect([answer.status, JSON.parse(answer.body.toString())]).toMatchObject([
      504,
      { code: "deadline_exceeded" },
    ]);
  });

  test("answers fetch, with a body that is there at once and with a stream", async () => {
    await using served = await serveEdge({ behind });
    const ask = (method: string, type: string, body: Uint8Array) =>
      served.edge.fetch(
        new Request(`http://x${PROBE}/${method}`, {
          method: "POST",
          body: body as Uint8Array<ArrayBuffer>,
          headers: { "content-type": type, "accept-encoding": "gzip" },
        }),
      );
    const once = await ask("Bind", "application/proto", requestBytes("Bind", { id: padding }));
    expect(once.headers.get("content-encoding")).toBe("gzip");
    const response = gunzipSync(await once.arrayBuffer());
    expect(responseOf("Bind", response)).toEqual({ request: { id: padding } });
    const watch = frame(0, requestBytes("WatchNumbers", { count: 2 }));
    const stream = await ask("WatchNumbers", "application/connect+proto", watch);
    const frames = framesOf(Buffer.from(await stream.arrayBuffer()));
    expect(frames.map(([flags]) => flags)).toEqual([0, 0, 2]);
  });

  test("passes the middleware, and the call's line has the protocol", async () => {
    const { logger, lines } = recordLog();
    const middleware = [logging({ logger })] as const;
    await using served = await serveEdge({ behind, middleware });
    await post(`${served.url}${PROBE}/Bind`, "application/json", "{}");
    const line = lines.find(({ msg }) => msg === "finished call");
    expect(line).toMatchObject({ "grpc.method": "Bind", "grpc.code": "OK" });
    if (behind === "server")
      expect(line).toMatchObject({ protocol: "connect", "http.request.method": "POST" });
  });
});

test("an edge that compresses nothing does not compress Connect either", async () => {
  await using served = await serveEdge({ options: { compression: false } });
  const headers = { "accept-encoding": "gzip", "connect-accept-encoding": "gzip" };
  const request = requestBytes("Bind", { id: padding });
  const answer = await post(`${served.url}${PROBE}/Bind`, "application/proto", request, headers);
  expect(answer.headers.get("content-encoding")).toBeNull();
  const watch = frame(0, requestBytes("WatchNumbers", { count: 1, padding: 5000 }));
  const stream = await post(
    `${served.url}${PROBE}/WatchNumbers`,
    "application/connect+proto",
    watch,
    headers,
  );
  expect(framesOf(stream.body)[0]![0]).toBe(0);
});
