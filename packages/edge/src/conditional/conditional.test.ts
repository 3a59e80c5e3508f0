import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createLogger, errorBoundary } from "@callwire/server-kit";
import {
  send,
  serveEdge,
  violationsOf,
  type Answer,
  type Behind,
  type ServedEdge,
} from "../testing/serve-edge.js";
import { parseTags, tagOfField, tagText } from "./entity-tags.js";

const reasonOf = ({ json }: Answer) =>
  (json as { error: { details: { reason?: string }[] } }).error.details.find(({ reason }) => reason)?.reason;

describe.each<Behind>(["server", "channel"])("before a %s", (behind) => {
  let served: ServedEdge;
  beforeAll(async () => {
    // Which sends the reasons of errors, also over a channel.
    const middleware = [errorBoundary({ logger: createLogger({ level: "silent" }) })];
    served = await serveEdge({ behind, middleware });
  });
  afterAll(async () => served[Symbol.asyncDispose]());
  const call = (path: string, method = "GET", headers: Record<string, string> = {}, json?: unknown) =>
    send(served.url + path, { method, headers, ...(json !== undefined && { json }) });

  test("an etag is the answer's, and a GET that has it gets no body", async () => {
    const answer = await call("/v1/books/1");
    expect([answer.json, answer.headers.get("etag")]).toEqual([
      { id: "1", title: "One", etag: "v1" },
      '"v1"',
    ]);
    for (const known of ['"v1"', 'W/"v1"', '"v0", "v1"', '"v1;br"', "*"]) {
      const same = await call("/v1/books/1", "GET", { "if-none-match": known });
      expect([same.status, same.text]).toEqual([304, ""]);
      // A client keeps the tag of the body that it has.
      expect(same.headers.get("etag")).toBe({ 'W/"v1"': known, '"v1;br"': known }[known] ?? '"v1"');
      expect(same.headers.get("content-type")).toBeNull();
    }
    expect((await call("/v1/books/1", "HEAD", { "if-none-match": '"v1"' })).status).toBe(304);
    expect((await call("/v1/books/1", "GET", { "if-none-match": '"v2"' })).status).toBe(200);
    expect((await call("/v1/books/1", "GET", { "if-match": '"v1"' })).status).toBe(200);
    for (const other of ['"v2"', 'W/"v1"']) {
      const failed = await call("/v1/books/1", "GET", { "if-match": other });
      expect([failed.status, reasonOf(failed)]).toEqual([412, "PRECONDITION_FAILED"]);
    }
    const untagged = await call("/v1/untagged/1", "GET", { "if-none-match": "*" });
    expect([untagged.status, untagged.headers.get("etag")]).toEqual([200, null]);
  });

  test("if-match guards an update and a delete", async () => {
    const made = await call("/v1/books", "POST", {}, { book: { title: "Two" } });
    const { id } = made.json as { id: string };
    expect(made.headers.get("etag")).toBe('"v1"');
    const url = `/v1/books/${id}`;
    const other = await call(url, "PATCH", { "if-match": '"v7"' }, { title: "Lost" });
    expect([other.status, other.json]).toMatchObject([412, { error: { code: 412, status: "ABORTED" } }]);
    const weak = await call(url, "PATCH", { "if-match": 'W/"v1"' }, { title: "Lost" });
    expect([weak.status, reasonOf(weak)]).toEqual([412, "PRECONDITION_FAILED"]);
    const changed = await call(url, "PATCH", { "if-match": '"v1"' }, { title: "Three" });
    expect([changed.status, changed.headers.get("etag")]).toEqual([200, '"v2"']);
    // The tag of a compressed body, and "*", which asks that there is one.
    expect((await call(url, "PATCH", { "if-match": '"v2;gzip"' }, { title: "Four" })).status).toBe(200);
    expect((await call(url, "PATCH", { "if-match": "*" }, { title: "Five" })).status).toBe(200);
    // RFC 9110, section 9.3.4: the answer to a PUT has no tag, unless the body was kept as it came.
    const put = await call(url, "PUT", { "if-match": '"v4"' }, { book: { title: "Six" } });
    expect([put.status, put.headers.get("etag"), put.json]).toMatchObject([200, null, { etag: "v5" }]);
    expect((await call(url, "DELETE", { "if-match": '"v4"' })).status).toBe(412);
    expect((await call(url, "GET")).json).toMatchObject({ title: "Six" });
    expect((await call(url, "DELETE", { "if-match": '"v5"' })).status).toBe(200);
    expect((await call(url, "PATCH", { "if-match": '"v5"' }, {})).status).toBe(404);
  });

  test("other failures keep their status, with if-match or without", async () => {
    expect((await call("/v1/books/1", "PATCH", { "if-match": '"v1"' }, { title: "deadlock" })).status).toBe(
      409,
    );
    expect((await call("/v1/books/1", "PATCH", {}, { title: "a", etag: "v9" })).status).toBe(409);
    expect((await call("/v1/books/1", "DELETE", { "if-match": '"v1"' })).status).toBe(400);
  });

  test("a condition that cannot be kept is refused", async () => {
    const taken = await Promise.all([
      call("/v1/books", "POST", { "if-match": '"v1"' }, {}),
      call("/v1/sums/a", "POST", { "if-match": '"v1"', "content-type": "application/x-ndjson" }),
      call("/v1/books/1", "PATCH", { "if-match": '"v1", "v2"' }, {}),
      call("/v1/books/1", "PUT", { "if-none-match": "*" }, {}),
    ]);
    for (const answer of taken)
      expect([answer.status, reasonOf(answer)]).toEqual([400, "PRECONDITION_NOT_TAKEN"]);
    const both = await call("/v1/books/1", "PATCH", { "if-match": '"v1"' }, { etag: "v2" });
    expect(violationsOf(both)).toEqual({ "book.etag": "is not what if-match says" });
    for (const value of ["v1", '"v1', '"v1" "v2"', '"a b"', ""]) {
      const malformed = await call("/v1/books/1", "GET", { "if-none-match": value });
      expect([malformed.status, reasonOf(malformed)]).toEqual([400, "BAD_HEADER"]);
    }
    expect((await call("/v1/books/1")).json).toEqual({ id: "1", title: "One", etag: "v1" });
  });

  test("idempotency-key is the request's id", async () => {
    const create = (key: string, json: unknown = { book: { title: "Key" } }) =>
      call("/v1/books", "POST", { "idempotency-key": key }, json);
    const first = await create("8e03978e-40d5-43dd-bc93-6894a57f9324");
    const again = await create('"8e03978e-40d5-43dd-bc93-6894a57f9324"');
    expect(again.json).toEqual(first.json);
    expect((await create("another")).json).not.toEqual(first.json);
    const both = await create("one", { request_id: "two" });
    expect(violationsOf(both)).toEqual({ request_id: "is not what idempotency-key says" });
    for (const key of ["", '""', "a b", '"a', 'a"b', "a, b", "\xe9", "k".repeat(256)]) {
      const malformed = await create(key);
      expect([malformed.status, reasonOf(malformed)]).toEqual([400, "BAD_HEADER"]);
    }
    expect((await create("k".repeat(255))).status).toBe(200);
    // Where the request has no id, the field says nothing.
    expect((await call("/v1/books/1", "GET", { "idempotency-key": "a b" })).status).toBe(200);
  });
});

test("a service that gives no reasons says by ABORTED that the tag is another one", async () => {
  await using served = await serveEdge({ behind: "channel" });
  const url = `${served.url}/v1/books/1`;
  const headers = { "if-match": '"v7"' };
  expect((await send(url, { method: "PATCH", headers, json: { title: "Lost" } })).status).toBe(412);
  expect((await send(url, { method: "DELETE", headers })).status).toBe(400);
  // "*" is no tag that could be another one.
  const any = { "if-match": "*" };
  expect((await send(url, { method: "PATCH", headers: any, json: { etag: "v7" } })).status).toBe(409);
});

test("an answer without a field has a weak tag, if the option asks for it", async () => {
  await using served = await serveEdge({ options: { etags: { weak: true } } });
  const url = `${served.url}/v1/query?string_value=a`;
  const tag = (await send(url)).headers.get("etag") ?? "";
  expect(tag).toMatch(/^W\/"[\w-]{27}"$/);
  expect((await send(url, { headers: { "if-none-match": tag } })).status).toBe(304);
  const other = await send(`${url}b`, { headers: { "if-none-match": tag } });
  expect([other.status, other.headers.get("etag") === tag]).toEqual([200, false]);
  expect((await send(`${served.url}/v1/things/1`, { method: "DELETE" })).headers.get("etag")).toBeNull();
  expect((await send(`${served.url}/v1/covers/1`)).headers.get("etag")).toMatch(/^W\//);
});

test("the field's name is an option", async () => {
  await using served = await serveEdge({ options: { etags: { field: "title" } } });
  expect((await send(`${served.url}/v1/books/1`)).headers.get("etag")).toBe('"One"');
});

test("tags are what RFC 9110 says, with and without quotes in the field", () => {
  expect(parseTags('W/"a" ,, "b\\" , ""')).toMatchObject([
    { opaque: "a", isWeak: true },
    { opaque: "b\\", isWeak: false },
    { opaque: "", isWeak: false },
  ]);
  expect(parseTags(', "a",, , ')).toEqual([{ opaque: "a", isWeak: false }]);
  expect(parseTags(",")).toBeUndefined();
  const texts = (value: string) =>
    [true, false].map((isQuoted) => tagOfField(value, isQuoted)).map((tag) => tag && tagText(tag));
  expect(texts("5a")).toEqual([undefined, '"5a"']);
  expect(texts('"5a"')).toEqual(['"5a"', undefined]);
  expect(texts('W/"5a"')).toEqual(['W/"5a"', undefined]);
  expect(texts("a b")).toEqual([undefined, undefined]);
});
