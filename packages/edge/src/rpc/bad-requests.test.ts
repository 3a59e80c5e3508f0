import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, constants, createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { post, PROBE, requestBytes, type RawAnswer } from "../testing/call-rpc.js";
import { frame, framesOf, trailersOf } from "../testing/frames.js";
import { send, serveEdge, type ServedEdge } from "../testing/serve-edge.js";

const MAX = 1000;
let served: ServedEdge;
beforeAll(async () => {
  served = await serveEdge({
    options: { limits: { maxBodyBytes: MAX, bodyTimeoutMs: 50 }, cors: { origins: ["https://app.example"] } },
  });
});
afterAll(async () => served[Symbol.asyncDispose]());

const url = (method: string) => `${served.url}${PROBE}/${method}`;
const bind = requestBytes("Bind", { id: "7" });
const large = Buffer.alloc(MAX + 1);
const bomb = requestBytes("Bind", { id: "x".repeat(10_000_000) });

/** Nothing of what was refused reaches a handler, and the next caller is served. */
async function expectUnmoved(): Promise<void> {
  expect(served.seen.binds).toEqual([]);
  expect((await post(url("Query"), "application/json", "{}")).status).toBe(200);
}

/** The end of an answer in gRPC-Web: in the body, or in the head alone. */
function grpcStatus({ body, headers }: RawAnswer): [code: string | null | undefined, message: string] {
  const last = framesOf(body).at(-1)?.[1];
  const { "grpc-status": code, "grpc-message": message = "" } = last
    ? trailersOf(last)
    : Object.fromEntries(headers);
  return [code, decodeURIComponent(message)];
}

/** The end of a stream of Connect. */
function endOf({ body }: RawAnswer): { code: string; message: string } {
  const [flags, data] = framesOf(body).at(-1)!;
  expect(flags).toBe(2);
  return (JSON.parse(data.toString()) as { error: { code: string; message: string } }).error;
}

type Fields = Record<string, string>;
const noMessage = "the method takes one request message, no more and no less";

describe("a request of gRPC-Web that is wrong is refused:", () => {
  test.each<[what: string, body: Uint8Array | string, fields: Fields, code: number, message: string]>([
    ["no message", "", {}, 12, noMessage],
    ["two messages", Buffer.concat([frame(0, bind), frame(0, bind)]), {}, 12, noMessage],
    ["a part of a prefix", "\0\0", {}, 3, "the body ends inside of a message"],
    ["a part of a message", frame(0, bind, bind.length + 1), {}, 3, "the body ends inside of a message"],
    [
      "a length that lies",
      frame(0, "", 0xffffffff),
      {},
      8,
      `a message of 4294967295 bytes, where ${MAX} are allowed`,
    ],
    ["a message that is too long", frame(0, large), {}, 8, `the body has more than ${MAX + 5} bytes`],
    ["trailers", frame(0x80, "x: y\r\n"), {}, 3, "a message with trailers, which a client does not send"],
    ["unknown flags", frame(6, bind), {}, 3, "a message with unknown flags, 6"],
    ["bytes that are no message", frame(0, "\xff"), {}, 3, "the request message cannot be decoded"],
    [
      "a coding that is not named",
      frame(1, gzipSync(bind)),
      {},
      13,
      "a message is compressed, and grpc-encoding says not how",
    ],
    [
      "a coding that is not known",
      frame(1, bind),
      { "grpc-encoding": "zstd" },
      12,
      'the encoding "zstd" is not known: br,gzip are',
    ],
    [
      "a name that objects have as a coding",
      frame(1, bind),
      { "grpc-encoding": "constructor" },
      12,
      'the encoding "constructor" is not known: br,gzip are',
    ],
    [
      "what is not compressed",
      frame(1, bind),
      { "grpc-encoding": "gzip" },
      3,
      "the body is not what grpc-encoding says",
    ],
    [
      "a bomb",
      frame(1, brotliCompressSync(bomb)),
      { "grpc-encoding": "br" },
      8,
      `the body has more than ${MAX} bytes`,
    ],
    ["a time-out", frame(0, bind), { "grpc-timeout": "1x" }, 3, "grpc-timeout is malformed"],
    [
      "metadata that is no base64",
      frame(0, bind),
      { "x-bin": "*" },
      3,
      "the header field x-bin has a value that is not allowed",
    ],
  ])("%s", async (_, body, fields, code, message) => {
    const answer = await post(url("Bind"), "application/grpc-web", body, fields);
    expect(answer.status).toBe(200);
    const [status, text] = grpcStatus(answer);
    expect([status, text]).toEqual([String(code), expect.stringContaining(message)]);
    await expectUnmoved();
  });

  test.each([
    ["another alphabet", "AAAA*AAA"],
    ["an end inside of a group", `${frame(0, bind).toString("base64")}A`],
    ["padding alone", "===="],
    ["padding that is not at the end of its group", "AA=AAAAA"],
    ["padding of three characters before more", "A===AAAA"],
    ["another alphabet behind a padding", "AAA=AA*A"],
  ])("base64 with %s", async (_, text) => {
    const answer = await post(url("Bind"), "application/grpc-web-text", text);
    const [last] = framesOf(Buffer.from(answer.body.toString(), "base64"));
    const wrong = { "grpc-status": "3", "grpc-message": "the body is not base64" };
    expect(trailersOf(last![1])).toMatchObject(wrong);
    await expectUnmoved();
  });

  test("what shows before the call begins, by the head alone", async () => {
    const answer = await post(url("Bind"), "application/grpc-web", frame(0, bind), { "grpc-timeout": "1x" });
    expect([answer.body.length, answer.headers.get("grpc-status")]).toEqual([0, "3"]);
  });

  test("and the largest message is taken, as text too", async () => {
    const largest = requestBytes("Query", { stringValue: "x".repeat(MAX - 3) });
    expect(largest.length).toBe(MAX);
    for (const [type, body] of [
      ["application/grpc-web", frame(0, largest)],
      ["application/grpc-web-text", frame(0, largest).toString("base64")],
    ] as const) {
      const { body: text } = await post(url("Query"), type, body);
      const frames = framesOf(type.endsWith("text") ? Buffer.from(text.toString(), "base64") : text);
      expect(trailersOf(frames[1]![1])).toEqual({ "grpc-status": "0" });
    }
  });

  test("text that does not come to the end of a group", async () => {
    const headers = { "content-type": "application/grpc-web-text" };
    const sent = httpRequest(url("Sum"), { method: "POST", headers });
    sent.write("AAA");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const [[, last] = []] = framesOf(Buffer.from(Buffer.concat(parts).toString(), "base64"));
    expect(trailersOf(last!)).toMatchObject({ "grpc-status": "4" });
    sent.destroy();
  });

  test("a method that there is not, by the head alone", async () => {
    const answer = await post(`${served.url}/no.Service/Method`, "application/grpc-web-text", "");
    expect([answer.status, answer.body.length, answer.headers.get("content-type")]).toEqual([
      200,
      0,
      "application/grpc-web-text",
    ]);
    expect(grpcStatus(answer)).toEqual(["12", "the method is not implemented"]);
  });
});

describe("a unary request of Connect that is wrong is refused:", () => {
  const PROTO = "application/proto";

  test.each<[string, Uint8Array | string, Fields, status: number, code: string, message: string]>([
    ["too long", large, {}, 429, "resource_exhausted", `the body has more than ${MAX} bytes`],
    [
      "a bomb",
      gzipSync(bomb),
      { "content-encoding": "gzip" },
      429,
      "resource_exhausted",
      "the body has more than",
    ],
    [
      "no gzip",
      "x",
      { "content-encoding": "gzip" },
      400,
      "invalid_argument",
      "the body is not what its encoding says",
    ],
    ["no coding", bind, { "content-encoding": "deflate" }, 501, "unimplemented", "br,gzip are"],
    ["no message", "\xff", {}, 400, "invalid_argument", "the request message cannot be decoded"],
    [
      "another version",
      bind,
      { "connect-protocol-version": "2" },
      400,
      "invalid_argument",
      "connect-protocol-version must be 1",
    ],
    [
      "a time-out below 0",
      bind,
      { "connect-timeout-ms": "-1" },
      400,
      "invalid_argument",
      "connect-timeout-ms must be a whole number of at most 10 digits",
    ],
    [
      "a time-out of 11 digits",
      bind,
      { "connect-timeout-ms": "10000000000" },
      400,
      "invalid_argument",
      "at most 10 digits",
    ],
  ])("%s", async (_, body, fields, status, code, message) => {
    const answer = await post(url("Bind"), PROTO, body, fields);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/json"]);
    const error = JSON.parse(answer.body.toString()) as object;
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    await expectUnmoved();
  });

  test.each([
    ["no message", "encoding=json", "the parameter message is missing"],
    ["base64 of another alphabet", "encoding=json&base64=1&message=%2B%2B", "message is not base64"],
    ["base64 that ends inside of a byte", "encoding=json&base64=1&message=e30ee", "message is not base64"],
    ["another version", "encoding=json&connect=v2&message=%7B%7D", "connect must be v1"],
    ["text that is no JSON", "encoding=json&message=%7", "malformed JSON"],
    ["two messages", "encoding=json&message={}&message={}", "the parameter message is there twice"],
    ["one of them by another name", "encoding=json&message={}&mess%61ge={}", "message is there twice"],
    ["two encodings", "encoding=json&message={}&encoding=proto", "the parameter encoding is there twice"],
  ])("GET with %s", async (_, query, message) => {
    const answer = await send(`${url("Query")}?${query}`);
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { code: "invalid_argument", message: expect.stringContaining(message) },
    ]);
  });

  test("GET with a body", async () => {
    const sent = httpRequest(`${url("Query")}?encoding=json&message={}`, {
      headers: { "content-length": "1" },
    }).end("!");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect([response.statusCode, await json(response)]).toEqual([
      400,
      { code: "invalid_argument", message: "a request by GET takes no body" },
    ]);
  });

  test.each(["/v1/query?string_value=a", `${PROBE}/Query?encoding=json&message={}`])(
    "GET with a body of no byte is none: %s",
    async (path) => {
      const sent = httpRequest(served.url + path, { headers: { "transfer-encoding": "chunked" } }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      expect(response.statusCode).toBe(200);
      await json(response);
    },
  );

  test("media types, methods of HTTP and methods that there are not", async () => {
    const types = "application/json, application/proto, application/grpc-web, application/grpc-web-text";
    for (const [method, type] of [
      ["Bind", "text/plain"],
      ["Bind", "application/connect+proto"],
      ["Bind", "application/json; charset=utf-16"],
      ["Bind", "application/grpc"],
    ] as const) {
      const answer = await post(url(method), type, "");
      expect([answer.status, answer.headers.get("accept-post")]).toEqual([415, types]);
    }
    expect((await post(url("Sum"), "application/json", "{}")).status).toBe(415);
    expect((await send(`${url("Query")}?encoding=text&message=x`)).status).toBe(415);
    for (const [method, allow] of [
      ["Bind", "POST"],
      ["WatchNumbers", "POST"],
      ["Query", "GET, HEAD, POST"],
    ] as const) {
      const answer = await send(url(method), { method: method === "Query" ? "DELETE" : "GET" });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    }
    const missing = await post(`${served.url}/no.Service/Method`, PROTO, "");
    expect([missing.status, JSON.parse(missing.body.toString())]).toEqual([
      404,
      { code: "unimplemented", message: "the method is not implemented" },
    ]);
    await expectUnmoved();
  });
});

describe("a stream of Connect that is wrong ends with its error:", () => {
  const sum = frame(0, requestBytes("Sum", { number: 1 }));

  test.each<[string, Uint8Array | string, Fields, code: string, message: string]>([
    ["the end of a stream", frame(2, "{}"), {}, "invalid_argument", "a message with trailers"],
    ["a part of a message", frame(0, "", 1), {}, "invalid_argument", "the body ends inside of a message"],
    ["a length that lies", frame(0, "", MAX + 1), {}, "resource_exhausted", `a message of ${MAX + 1} bytes`],
    ["no coding", frame(1, ""), {}, "internal", "connect-content-encoding says not how"],
    [
      "an unknown coding",
      frame(0, ""),
      { "connect-content-encoding": "zstd" },
      "unimplemented",
      '"zstd" is not known',
    ],
    ["another version", frame(0, ""), { "connect-protocol-version": "0" }, "invalid_argument", "must be 1"],
  ])("%s", async (_, bad, fields, code, message) => {
    const body = Buffer.concat([sum, Buffer.from(bad)]);
    const answer = await post(url("Sum"), "application/connect+proto", body, fields);
    expect(answer.status).toBe(200);
    expect(endOf(answer)).toMatchObject({ code, message: expect.stringContaining(message) });
    await expectUnmoved();
  });

  test("a message that does not come to its end", async () => {
    const sent = httpRequest(url("Sum"), {
      method: "POST",
      headers: { "content-type": "application/connect+proto" },
    });
    sent.write(frame(0, "", 10));
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const answer = { status: 200, headers: new Headers(), body: Buffer.concat(parts) };
    expect(endOf(answer)).toMatchObject({
      code: "deadline_exceeded",
      message: expect.stringContaining("50 ms"),
    });
    sent.destroy();
  });

  test("a body of one message that does not come to its end", async () => {
    const sent = httpRequest(url("Bind"), {
      method: "POST",
      headers: { "content-type": "application/proto", "content-length": "10" },
    });
    sent.on("error", () => {});
    sent.write("\0");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(504);
    const [body] = (await once(response, "data")) as [Buffer];
    expect(JSON.parse(body.toString())).toMatchObject({ code: "deadline_exceeded" });
    sent.destroy();
    await expectUnmoved();
  });

  test("a call that takes longer than the edge waits", async () => {
    await using impatient = await serveEdge({ options: { limits: { callTimeoutMs: 30 } } });
    const sent = httpRequest(`${impatient.url}${PROBE}/Sum`, {
      method: "POST",
      headers: { "content-type": "application/connect+proto" },
    });
    sent.write(sum);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const answer = { status: 200, headers: new Headers(), body: Buffer.concat(parts) };
    expect(endOf(answer)).toMatchObject({ code: "deadline_exceeded" });
    sent.destroy();
  });

  test("and bytes that come one by one are read as any", async () => {
    // With the time that others have for a body: a busy machine takes longer between two bytes than the refused ones may.
    await using patient = await serveEdge();
    const sent = httpRequest(`${patient.url}${PROBE}/Sum`, {
      method: "POST",
      headers: { "content-type": "application/connect+proto" },
    });
    for (const byte of Buffer.concat([sum, sum])) {
      sent.write(Buffer.of(byte));
      await turn();
    }
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    expect(framesOf(Buffer.concat(parts)).map(([flags]) => flags)).toEqual([0, 2]);
  });
});

describe("over HTTP/2", () => {
  const http2 = createServer();
  beforeAll(async () => {
    http2.on("request", served.edge.handler).listen(0, "127.0.0.1");
    await once(http2, "listening");
  });
  afterAll(() => void http2.close());
  const open = () => connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
  const fields = (method: string) => ({
    ":method": "POST",
    ":path": `${PROBE}/${method}`,
    "content-type": "application/connect+json",
  });

  test("both sides of a stream speak when they like", async () => {
    const session = open();
    const stream = session.request(fields("Talk"));
    stream.write(frame(0, '{"text":"a"}'));
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
    expect(headers[":status"]).toBe(200);
    const [first] = (await once(stream, "data")) as [Buffer];
    expect(first).toEqual(frame(0, '{"text":"a!"}'));
    stream.end(frame(0, '{"text":"b"}'));
    const rest: Buffer[] = [];
    for await (const part of stream) rest.push(part as Buffer);
    expect(framesOf(Buffer.concat(rest))).toEqual([
      [0, Buffer.from('{"text":"b!"}')],
      [2, Buffer.from('{"metadata":{}}')],
    ]);
    session.close();
  });

  test("a call ends when its client resets the stream", async () => {
    const session = open();
    const { ended } = served.seen;
    const stream = session.request(fields("WatchNumbers"));
    stream.end(frame(0, '{"padding":100}'));
    await once(stream, "data");
    stream.close(constants.NGHTTP2_CANCEL);
    while (served.seen.ended === ended) await turn();
    session.close();
  });

  test("a stream ends with its answer, though the client would send more", async () => {
    const session = open();
    const stream = session.request(fields("Sum"));
    stream.write(frame(9, ""));
    stream.resume();
    await once(stream, "close");
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    session.close();
  });
});

describe("a page of another origin", () => {
  test("may call by any protocol, and reads what they send", async () => {
    const asked = await send(url("Bind"), {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-grpc-web,connect-protocol-version",
      },
    });
    expect([asked.status, asked.headers.get("allow")]).toEqual([204, "POST"]);
    const mayBeSent = asked.headers.get("access-control-allow-headers")!.split(", ");
    expect(mayBeSent).toEqual(
      expect.arrayContaining([
        "content-type",
        "authorization",
        "grpc-timeout",
        "x-grpc-web",
        "x-user-agent",
        "connect-protocol-version",
        "connect-timeout-ms",
      ]),
    );
    const origin = { origin: "https://app.example" };
    const answer = await post(url("Query"), "application/json", "{}", origin);
    const mayBeRead = answer.headers.get("access-control-expose-headers")!.split(", ");
    expect(mayBeRead).toEqual(
      expect.arrayContaining([
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "x-request-id",
        "trailer-x-request-id",
      ]),
    );
    const get = await send(`${url("Query")}?encoding=json&message=%7B%7D`, { headers: origin });
    expect(get.headers.get("vary")).toBe("origin, accept-encoding");
  });

  test("may not, if it is not listed", async () => {
    const answer = await post(url("Query"), "application/grpc-web", frame(0, ""), {
      origin: "https://no.example",
    });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });
});
