import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { send, serveEdge, violationsOf, type ServedEdge } from "./testing/serve-edge.js";

let served: ServedEdge;
beforeAll(async () => {
  served = await serveEdge({
    options: {
      cors: { origins: ["https://app.example"], credentials: true },
      limits: { maxUrlLength: 2000, maxHeaderBytes: 4000, maxParameters: 10 },
    },
  });
});
afterAll(async () => served[Symbol.asyncDispose]());

/** Nothing of a request that was refused reaches a handler, and the next caller is served. */
async function expectUnmoved(): Promise<void> {
  expect(served.seen.binds).toEqual([]);
  const answer = await send(`${served.url}/v1/query?string_value=a`);
  expect([answer.status, answer.json]).toEqual([200, { stringValue: "a" }]);
}

/** Sends bytes, and returns all that comes back until the connection ends or is silent after an answer. */
async function exchange(...parts: string[]): Promise<string> {
  const socket: Socket = connect(served.port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => {});
  await once(socket, "connect");
  for (const part of parts) socket.write(part, "latin1");
  socket.end();
  await once(socket, "close");
  return text;
}

const BIND = "/v1/shelves/1/books/2:bind";
const head = (line: string, ...fields: string[]) =>
  [`${line} HTTP/1.1`, "host: x", ...fields, "", ""].join("\r\n");
const statusesOf = (text: string) =>
  Array.from(text.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => Number(status));
const post = (json: unknown) => send(served.url + BIND, { method: "POST", json });

describe("a body that is wrong", () => {
  test.each<[string, string, Record<string, string>]>([
    ["text", "x", { "": 'malformed JSON at byte 0: a value is expected, not "x"' }],
    [
      "an end too early",
      '{"number": 1',
      { "": "malformed JSON at byte 12: a comma or the end of the values is expected, not the end" },
    ],
    ["more behind it", '{"number": 1} {}', { "": 'malformed JSON at byte 14: the end is expected, not "{"' }],
    [
      "a comment",
      '{"number": 1 /* */}',
      { "": 'malformed JSON at byte 13: a comma or the end of the values is expected, not "/"' },
    ],
    [
      "one error of a type before text that is no JSON",
      '{"number": "x", "id": }',
      { "": 'malformed JSON at byte 22: a value is expected, not "}"' },
    ],
    [
      "a line that is wrong, of several",
      '{\n  "id": "\u00e9",\n  "number": "\u00e9" 1\n}',
      {
        "": 'malformed JSON at byte 33, line 3, column 17: a comma or the end of the values is expected, not "1"',
      },
    ],
    ["a list", "[]", { "": "not an object: a list" }],
    ["null", "null", { "": "not an object: null" }],
    ["a key that is there twice", '{"id": "a", "id": "b"}', { id: "there twice" }],
    ["a key by both of its names", '{"failCode": 1, "fail_code": 2}', { fail_code: "there twice" }],
    ["a number out of range", '{"number": 2147483648}', { number: "not an int32: 2147483648" }],
    ["a number beyond all numbers", '{"number": 1e999}', { number: "not an int32: Infinity" }],
    [
      "a key that objects have",
      '{"__proto__": {"id": 1}, "constructor": 1}',
      {
        ["__proto__"]: "no field of the message; it has name, id, part, tags, number, fail_code",
        constructor: "no field of the message; it has name, id, part, tags, number, fail_code",
      },
    ],
    [
      "a key of any length",
      `{"${"k".repeat(1e6)}": 1}`,
      { [`${"k".repeat(200)}…`]: "no field of the message" },
    ],
    ["a lone surrogate", '{"id": "\\ud800"}', { id: 'not Unicode text: "\\ud800"' }],
    [
      "a control character",
      '{"id": "\u0001"}',
      { "": 'malformed JSON at byte 8: the end of a string is expected, not "\\u0001"' },
    ],
  ])("%s", async (_, json, violations) => {
    const answer = await post(json);
    expect(answer.status).toBe(400);
    expect(Object.entries(violationsOf(answer))).toEqual(Object.entries(violations));
    await expectUnmoved();
  });

  test("millions of digits", async () => {
    for (const json of [`{"number": ${"1".repeat(4_000_000)}}`, `{"number": "${"1".repeat(4_000_000)}"}`]) {
      const answer = await post(json);
      expect(violationsOf(answer)).toEqual({ number: "a number of more than 2048 characters" });
    }
    await expectUnmoved();
  });

  test("bytes that are no UTF-8", async () => {
    const init = { method: "POST", headers: { "content-type": "application/json" } };
    const answer = await send(served.url + BIND, { ...init, body: Buffer.from('{"id": "\xff"}', "latin1") });
    expect(answer.status).toBe(400);
    expect(violationsOf(answer)[""]).toMatch(/^malformed JSON at byte \d+: UTF-8 is expected/);
    await expectUnmoved();
  });

  test("depth, of messages and of values that are passed over", async () => {
    const part = `${'{"inner":'.repeat(200)}{}${"}".repeat(200)}`;
    const deep = await post(`{"part": ${part}}`);
    expect(deep.status).toBe(400);
    expect(deep.text).toContain("more than 100 values in one another");
    const unknown = await post(`{"nope": ${"[".repeat(5000)}${"]".repeat(5000)}}`);
    expect(unknown.status).toBe(400);
    const open = await post("[".repeat(100_000));
    expect(open.status).toBe(400);
    await expectUnmoved();
  });

  test("thousands of errors, of which some are told", async () => {
    const answer = await post(`{"tags": [${Array.from({ length: 5000 }, () => "1").join()}]}`);
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(20_000);
    expect(violationsOf(answer)).toMatchObject({
      "tags[0]": "not a string: 1",
      "tags[9]": "not a string: 1",
    });
  });

  test.each([
    ["a form", "application/x-www-form-urlencoded"],
    ["plain text, as a page may send without asking", "text/plain"],
    ["another charset", "application/json; charset=utf-16"],
    ["no type", ""],
  ])("%s", async (_, type) => {
    const answer = await send(served.url + BIND, {
      method: "POST",
      body: Buffer.from("{}"),
      headers: type === "" ? {} : { "content-type": type },
    });
    expect([answer.status, answer.headers.get("accept")]).toEqual([415, "application/json"]);
    await expectUnmoved();
  });

  test("where none is taken", async () => {
    const answer = await send(`${served.url}/v1/things/7`, { method: "DELETE", json: { id: "8" } });
    expect([answer.status, answer.json]).toMatchObject([
      400,
      { error: { details: [{ reason: "BODY_NOT_TAKEN" }] } },
    ]);
    await expectUnmoved();
  });

  test("of 5 MiB, with its length and in chunks", async () => {
    const body = Buffer.alloc(5 * 1024 * 1024, 0x20);
    for (const headers of [{ "content-length": String(body.length) }, { "transfer-encoding": "chunked" }]) {
      const sent = request(served.url + BIND, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
      });
      sent.on("error", () => {});
      sent.end(body);
      const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
      expect([response.statusCode, response.headers.connection]).toEqual([413, "close"]);
      response.destroy();
    }
    await expectUnmoved();
  });

  test("that does not come, or is broken off", async () => {
    const json = "content-type: application/json";
    await using hasty = await serveEdge({ options: { limits: { bodyTimeoutMs: 30 } } });
    const slow = connect(hasty.port, "127.0.0.1").setEncoding("latin1");
    slow.write(head(`POST ${BIND}`, json, "content-length: 100") + '{"number":');
    const [answer] = (await once(slow, "data")) as [string];
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain("BODY_TOO_SLOW");
    await once(slow, "close");
    expect(hasty.seen.binds).toEqual([]);
    await exchange(head(`POST ${BIND}`, json, "content-length: 100") + '{"number":');
    await exchange(`${head(`POST ${BIND}`, json, "transfer-encoding: chunked")}5\r\n{"num`);
    await expectUnmoved();
  });
});

describe("a path that is wrong", () => {
  test.each([
    ["/v1/parts/%", 400],
    ["/v1/parts/%zz", 400],
    ["/v1/parts/..", 400],
    ["/v1/parts/%2e%2e/x", 400],
    ["/v1/../../etc/passwd", 400],
    ["/v1/shelves/1/books/../../../etc:bind", 400],
    ["/v1/shelves/1/books/%2E%2E/etc:bind", 400],
    ["/v1/shelves/1/books/..:bind", 404],
    ["/v1/shelves/1/books/%2e.:bind", 404],
    ["/v1/parts/\xff", 400],
    ["http://other/v1/parts/..", 400],
    ["http://user@other/v1/query", 400],
    ["//v1/query", 404],
    ["/v1/parts/", 404],
    ["/v1/query/..;/x", 404],
    ["/v1%2fquery", 404],
  ])("%s", async (path, status) => {
    expect(statusesOf(await exchange(head(`PUT ${path}`, "connection: close")))).toEqual([status]);
    await expectUnmoved();
  });

  test("bytes of a value that are no UTF-8 are told by the field", async () => {
    const answer = await send(`${served.url}/v1/parts/%ff`, { method: "PUT" });
    expect([answer.status, violationsOf(answer)]).toEqual([
      400,
      { "part.id": "percent-encoding that is no UTF-8" },
    ]);
    await expectUnmoved();
  });

  test("what is too long, or too much", async () => {
    const long = await send(`${served.url}/v1/query?string_value=${"a".repeat(2000)}`);
    expect(long.status).toBe(414);
    const many = await send(`${served.url}/v1/query?${"strings=a&".repeat(11)}`);
    expect([many.status, many.json]).toMatchObject([
      400,
      { error: { details: [{ reason: "TOO_MANY_PARAMETERS" }] } },
    ]);
    const header = await send(`${served.url}/v1/query`, { headers: { "x-large": "a".repeat(4000) } });
    expect(header.status).toBe(431);
    await expectUnmoved();
  });
});

describe("a request in the shape of smuggling", () => {
  const json = "content-type: application/json";
  const hidden = head("PURGE /v1/things/hidden");

  test.each<[string, string]>([
    ["two lengths", head(`POST ${BIND}`, json, "content-length: 2", `content-length: ${2 + hidden.length}`)],
    ["two lengths in one field", head(`POST ${BIND}`, json, `content-length: 2, ${2 + hidden.length}`)],
    ["a length and chunks", head(`POST ${BIND}`, json, "content-length: 2", "transfer-encoding: chunked")],
    ["a coding that is none", head(`POST ${BIND}`, json, "transfer-encoding: xchunked")],
    [
      "chunks that are not the last coding",
      head(`POST ${BIND}`, json, "transfer-encoding: chunked, identity"),
    ],
    ["a space before the colon", head(`POST ${BIND}`, json, "content-length : 2")],
    ["a length with a sign", head(`POST ${BIND}`, json, "content-length: +2")],
    ["a length in hexadecimal", head(`POST ${BIND}`, json, "content-length: 0x2")],
    ["a line that goes on", head(`POST ${BIND}`, json, "content-length: 2\r\n x: y")],
    ["a bare carriage return", head(`POST ${BIND}`, json, "x: a\rcontent-length: 2")],
    ["a zero byte", head(`POST ${BIND}`, json, "x: a\0b")],
    ["a line feed alone in the request line", `POST ${BIND} HTTP/1.1\nhost: x\n\n`],
    ["two hosts", head(`POST ${BIND}`, json, "Host: y", "content-length: 2")],
    ["two types", head(`POST ${BIND}`, json, "Content-Type: text/plain", "content-length: 2")],
    [
      "two tokens",
      head(`POST ${BIND}`, json, "authorization: Bearer a", "Authorization: Bearer b", "content-length: 2"),
    ],
    [
      "chunks by HTTP/1.0",
      `POST ${BIND} HTTP/1.0\r\nhost: x\r\n${json}\r\nconnection: keep-alive\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    [
      "a coding before the chunks",
      `${head(`POST ${BIND}`, json, "transfer-encoding: gzip, chunked")}0\r\n\r\n`,
    ],
    [
      "the version of HTTP/2, as text",
      `POST ${BIND} HTTP/2.0\r\nhost: x\r\n${json}\r\ncontent-length: 2\r\n\r\n`,
    ],
    ["the version before there were any", `GET ${BIND}\r\n\r\n`],
    ["a version that is none", `POST ${BIND} HTTP/9.9\r\nhost: x\r\n\r\n`],
  ])("%s", async (_, request) => {
    const statuses = statusesOf(await exchange(`${request}{}${hidden}`));
    // One answer, which refuses; the hidden request never begins.
    expect(statuses).toHaveLength(1);
    expect(statuses[0]).toBeGreaterThanOrEqual(400);
    await expectUnmoved();
  });

  test.each([
    ["a bare line feed after a chunk's size", "2\n{}\r\n0\r\n\r\n"],
    ["a size that is too large for a number", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"],
    ["a size that is none", "x\r\n{}\r\n0\r\n\r\n"],
  ])("chunks with %s", async (_, body) => {
    const chunked = head(`POST ${BIND}`, json, "transfer-encoding: chunked");
    const statuses = statusesOf(await exchange(chunked, body, hidden));
    expect(statuses.every((status) => status >= 400)).toBe(true);
    await expectUnmoved();
  });
});

describe("a page of another origin", () => {
  const preflight = (origin: string) =>
    send(served.url + BIND, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });

  test("may call, if it is listed", async () => {
    const asked = await preflight("https://app.example");
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": expect.stringContaining("content-type"),
      "access-control-max-age": "600",
      vary: "origin",
    });
    const answer = await send(`${served.url}/v1/query`, { headers: { origin: "https://app.example" } });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-expose-headers")).toContain("x-request-id");
    const missing = await send(`${served.url}/v1/nothing`, { headers: { origin: "https://app.example" } });
    expect(missing.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(missing.headers.get("vary")).toBe("origin, accept");
  });

  test.each([
    "https://evil.example",
    "https://app.example.evil.example",
    "http://app.example",
    "null",
    "https://APP.example",
  ])("may not, if it is %s", async (origin) => {
    const asked = await preflight(origin);
    expect(asked.status).toBe(403);
    expect(asked.headers.get("access-control-allow-origin")).toBeNull();
    const answer = await send(`${served.url}/v1/query`, { headers: { origin } });
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(answer.headers.get("vary")).toBe("origin");
  });

  test.each([
    ["PUT", "/v1/kinds/a", "DELETE, HEAD, OPTIONS, PATCH, PUT, TRACE"],
    ["POST", "/v1/any/7", "POST"],
    ["REPORT", "/v1/any/7", "REPORT"],
    ["a b", "/v1/any/7", ""],
  ])("asks for %s of %s, whose rules take OPTIONS, and calls no method", async (asked, path, allowed) => {
    const { masks } = served.seen;
    const before = masks.length;
    const headers = { origin: "https://app.example", "access-control-request-method": asked };
    const answer = await send(served.url + path, { method: "OPTIONS", headers });
    expect([answer.status, answer.headers.get("access-control-allow-methods")]).toEqual([204, allowed]);
    const evil = await send(served.url + path, {
      method: "OPTIONS",
      headers: { ...headers, origin: "https://evil.example" },
    });
    expect(evil.status).toBe(403);
    await expectUnmoved();
    expect(masks).toHaveLength(before);
  });

  test("may not, where none is listed", async () => {
    await using closed = await serveEdge();
    const answer = await send(`${closed.url}/v1/query`, { headers: { origin: "https://app.example" } });
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    const asked = await send(`${closed.url}/v1/query`, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "GET" },
    });
    expect([...asked.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
