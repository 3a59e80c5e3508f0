import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect, createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import {
  brotliCompressSync,
  brotliDecompressSync,
  createGunzip,
  gunzip,
  gunzipSync,
  gzipSync,
} from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { requestId } from "@callwire/server-kit";
import { serveEdge, type ServedEdge } from "../testing/serve-edge.js";
import { chooseCoding } from "./accept-encoding.js";

let served: ServedEdge;
beforeAll(async () => {
  served = await serveEdge({
    options: { limits: { maxBodyBytes: 100_000 }, cors: { origins: ["https://app.example"] } },
  });
});
afterAll(async () => served[Symbol.asyncDispose]());

interface Raw {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Sends a request, and returns what comes back as it comes. */
async function raw(
  path: string,
  headers: Record<string, string>,
  { method = "GET", body, url = served.url }: { method?: string; body?: Uint8Array; url?: string } = {},
): Promise<Raw> {
  const sent = request(url + path, { method, headers }).end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const long = `/v1/query?string_value=${"a".repeat(2000)}`;
const json = `{"stringValue":"${"a".repeat(2000)}"}`;
const gzips = { "accept-encoding": "gzip" };

describe("an answer is compressed", () => {
  test.each<[string, string, string | undefined]>([
    ["gzip", "by gzip", "gzip"],
    ["br", "by br", "br"],
    ["gzip, deflate, br, zstd", "by br, of both", "br"],
    ["br;q=0.5, gzip", "by weight", "gzip"],
    ["identity", "not", undefined],
    ["deflate", "not", undefined],
  ])("accept-encoding: %s, %s", async (accept, _, coding) => {
    const { headers, body } = await raw(long, { "accept-encoding": accept });
    expect([headers["content-encoding"], headers.vary]).toEqual([coding, "origin, accept-encoding"]);
    expect(headers["content-length"]).toBe(String(body.length));
    const read = { gzip: gunzipSync, br: brotliDecompressSync }[coding ?? ""] ?? ((bytes: Buffer) => bytes);
    expect(read(body).toString()).toBe(json);
  });

  test("if it is large enough, or the client takes no other", async () => {
    const short = await raw("/v1/query?string_value=a", gzips);
    // All clients get a short one in the same form.
    expect([short.headers["content-encoding"], short.headers.vary]).toEqual([undefined, "origin"]);
    const forced = await raw("/v1/query?string_value=a", { "accept-encoding": "gzip, identity;q=0" });
    expect(gunzipSync(forced.body).toString()).toBe('{"stringValue":"a"}');
    expect(forced.headers.vary).toBe("origin, accept-encoding");
    // 1,218 bytes in 418 characters.
    const wide = await raw(`/v1/query?string_value=${encodeURIComponent("€".repeat(400))}`, gzips);
    expect([wide.headers["content-encoding"], wide.headers.vary]).toEqual([
      "gzip",
      "origin, accept-encoding",
    ]);
    await using eager = await serveEdge({ options: { compression: { minBytes: 10 } } });
    const early = await raw("/v1/query?string_value=a", gzips, { url: eager.url });
    expect(early.headers["content-encoding"]).toBe("gzip");
    await using plain = await serveEdge({ options: { compression: false } });
    const never = await raw(long, gzips, { url: plain.url });
    expect([never.headers["content-encoding"], never.headers.vary]).toEqual([undefined, undefined]);
  });

  test("or refused before the call, if the client takes nothing that there is", async () => {
    const headers = { "accept-encoding": "deflate, *;q=0", "content-type": "application/json" };
    const answer = await raw("/v1/shelves/1/books/2:bind", headers, {
      method: "POST",
      body: Buffer.from("{}"),
    });
    expect([answer.status, answer.body.toString()]).toEqual([
      406,
      expect.stringContaining("br, gzip, identity"),
    ]);
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(served.seen.binds).toEqual([]);
    const events = { accept: "text/event-stream", "accept-encoding": "gzip, identity;q=0" };
    expect((await raw("/v1/numbers?count=1", events)).status).toBe(406);
  });

  test("but not where a browser adds by itself who the user is, on another site's page (BREACH)", async () => {
    await using cookies = await serveEdge({ options: { requestMetadata: ["cookie"] } });
    const codingOf = async (url: string, headers: Record<string, string>) =>
      (await raw(long, { ...gzips, ...headers }, { url })).headers["content-encoding"];
    expect(await codingOf(cookies.url, { cookie: "a=b" })).toBeUndefined();
    // A cookie that goes no further says nothing of the user.
    expect(await codingOf(served.url, { cookie: "a=b" })).toBe("gzip");
    expect(await codingOf(served.url, { authorization: "Basic YTpi" })).toBeUndefined();
    expect(await codingOf(served.url, { authorization: "Bearer a" })).toBe("gzip");
    const elsewhere = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    expect(await codingOf(served.url, elsewhere)).toBeUndefined();
    expect(await codingOf(served.url, { ...elsewhere, origin: "https://evil.example" })).toBeUndefined();
    expect(await codingOf(served.url, { ...elsewhere, origin: "https://app.example" })).toBe("gzip");
    // Unless the client takes no other answer, which no page can ask for.
    const forced = { ...elsewhere, "accept-encoding": "gzip, identity;q=0" };
    expect(await codingOf(served.url, forced)).toBe("gzip");
  });

  test("and says in one field of HTTP/2 what its form hangs on", async () => {
    const http2 = createServer(served.edge.handler).listen(0, "127.0.0.1");
    await once(http2, "listening");
    const session = connect(`http://127.0.0.1:${(http2.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": long, ...gzips });
    const [headers] = (await once(stream, "response")) as [IncomingHttpHeaders];
    expect([headers["content-encoding"], headers.vary]).toEqual(["gzip", "origin, accept-encoding"]);
    session.destroy();
    http2.close();
  });

  test("though a client's text looks like a field's name", async () => {
    await using other = await serveEdge({ middleware: [requestId()] });
    const { status, headers } = await raw(long, { ...gzips, "x-request-id": "vary" }, { url: other.url });
    expect([status, headers["x-request-id"], headers.vary]).toEqual([200, "vary", "accept-encoding"]);
  });

  test("with a tag of its own, which stands for the same state", async () => {
    const headers = { "accept-encoding": "gzip, identity;q=0" };
    const { etag = "" } = (await raw("/v1/books/1", headers)).headers;
    expect(etag).toBe('"v1;gzip"');
    expect((await raw("/v1/books/1", { ...headers, "if-none-match": etag })).status).toBe(304);
  });

  test("but errors are not", async () => {
    const { status, headers } = await raw(`/v1/query?${"x".repeat(2000)}`, gzips);
    expect([status, headers["content-encoding"]]).toEqual([400, undefined]);
  });
});

test.each<[string, string | undefined | Error]>([
  ["", undefined],
  ["*", "br"],
  ["*;q=0.1, br;q=0", "gzip"],
  ["GZIP", "gzip"],
  ["x-gzip", "gzip"],
  ["gzip;q=0.5, identity", undefined],
  ["gzip;q=0.5, identity;q=0.5", "gzip"],
  ["gzip;q=0", undefined],
  ["gzip;q=0.000", undefined],
  ["gzip;q=1.5", undefined],
  ["gzip;q=", undefined],
  ["gzip ; q=0.2 , br ; q=0.1", "gzip"],
  ["identity;q=0, gzip;q=0.001", "gzip"],
  ["identity;q=0", new Error("no coding that there is here: br, gzip, identity")],
  ["*;q=0", new Error("no coding")],
  ["*;q=0, identity", undefined],
])("accept-encoding %j", (accept, expected) => {
  const choose = () => chooseCoding(accept, ["br", "gzip"])?.coding;
  if (expected instanceof Error) expect(choose).toThrow(expected.message);
  else expect(choose()).toBe(expected);
});

describe("a stream of responses is compressed", () => {
  test.each(["gzip", "br"])("by %s, as a whole", async (coding) => {
    const { headers, body } = await raw("/v1/numbers?count=2", { "accept-encoding": coding });
    expect([headers["content-encoding"], headers.vary]).toEqual([coding, "origin, accept, accept-encoding"]);
    const text = (coding === "gzip" ? gunzipSync : brotliDecompressSync)(body).toString();
    expect(text).toBe('{"number":1,"resumeToken":"1"}\n{"number":2,"resumeToken":"2"}\n');
  });

  test("and each message goes out at once", async () => {
    const headers = { ...gzips, "content-type": "application/x-ndjson" };
    const post = request(`${served.url}/v1/talk`, { method: "POST", headers });
    post.write('{"text":"a"}\n');
    const [response] = (await once(post, "response")) as [IncomingMessage];
    const lines = response.pipe(createGunzip()).setEncoding("utf8")[Symbol.asyncIterator]();
    expect(await lines.next()).toEqual({ done: false, value: '{"text":"a!"}\n' });
    post.end('{"text":"b"}\n');
    expect(await lines.next()).toEqual({ done: false, value: '{"text":"b!"}\n' });
    expect(await lines.next()).toMatchObject({ done: true });
  });

  test("with the error that ends it", async () => {
    const { body } = await raw("/v1/numbers?count=1&fail_code=8", gzips);
    expect(gunzipSync(body).toString()).toMatch(/\n\{"error":\{"code":429,.*\}\n$/);
  });

  test("but never Server-Sent Events", async () => {
    const { headers } = await raw("/v1/numbers?count=1", { ...gzips, accept: "text/event-stream" });
    expect(headers["content-encoding"]).toBeUndefined();
  });

  test("and ends when the client goes", async () => {
    const { ended } = served.seen;
    const sent = request(`${served.url}/v1/numbers`, { headers: gzips }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    await once(response, "readable");
    response.destroy();
    while (served.seen.ended === ended) await turn();
  });

  test("by fetch too", async () => {
    const path = "http://x/v1/numbers?count=3";
    const response = await served.edge.fetch(new Request(path, { headers: gzips }));
    const bytes = await response.arrayBuffer();
    expect((await promisify(gunzip)(bytes)).toString().split("\n")).toHaveLength(4);
  });
});

describe("a body may be compressed", () => {
  const post = (body: Uint8Array, coding: string, type = "application/json") => {
    const headers = { "content-type": type, "content-encoding": coding };
    const path = type === "application/json" ? "/v1/shelves/1/books/2:bind" : "/v1/sums/a";
    return raw(path, headers, { method: "POST", body });
  };
  const refusal = ({ status, body }: Raw) => [
    status,
    (JSON.parse(body.toString()) as { error: { details: { reason: string }[] } }).error.details[0]?.reason,
  ];
  const text = Buffer.from('{"number":7}');

  test("by gzip and by br", async () => {
    const expected = { request: { name: "shelves/1/books/2", number: 7 } };
    for (const [coding, bytes] of [
      ["gzip", gzipSync(text)],
      ["x-gzip", gzipSync(text)],
      ["BR", brotliCompressSync(text)],
      ["identity", text],
    ] as const)
      expect(JSON.parse((await post(bytes, coding)).body.toString())).toEqual(expected);
    expect((await post(Buffer.alloc(0), "gzip")).status).toBe(200);
    served.seen.binds.splice(0);
  });

  test.each([
    ["gzip", gzipSync],
    ["br", brotliCompressSync],
  ] as const)("by %s, short or long, whichever form is", async (coding, compress) => {
    // Of a few bytes that become many, and of many.
    const space = Buffer.from(`{"number":7}${" ".repeat(80_000)}`);
    const noise = randomBytes(3000).toString("hex");
    const long = Buffer.from(`{"failCode":0,"id":"${noise}"}`);
    expect([compress(space).length < 1000, compress(long).length > 2000]).toEqual([true, true]);
    for (const json of [space, long]) {
      const coded = compress(json);
      // oxlint-disable-next-line no-await-in-loop
      const [answer, broken] = await Promise.all([
        post(coded, coding),
        post(Buffer.concat([coded, Buffer.from("more")]), coding),
      ]);
      expect([answer.status, refusal(broken)]).toEqual([200, [400, "BODY_CODING_BROKEN"]]);
    }
    const bomb = Buffer.concat([space, Buffer.alloc(30_000, " ")]);
    expect(refusal(await post(compress(bomb), coding))).toEqual([413, "BODY_TOO_LARGE"]);
    expect(served.seen.binds.splice(0)).toMatchObject([{ number: 7 }, { id: noise }]);
  });

  test("as a stream of requests", async () => {
    const lines = gzipSync('{"number":1}\n{"number":2}\n');
    expect(JSON.parse((await post(lines, "gzip", "application/x-ndjson")).body.toString())).toMatchObject({
      sum: 3,
    });
    const broken = await post(lines.subarray(0, 15), "gzip", "application/x-ndjson");
    expect(refusal(broken)).toEqual([400, "BODY_CODING_BROKEN"]);
    const bomb = await post(gzipSync(Buffer.alloc(500_000, "1")), "gzip", "application/x-ndjson");
    expect(refusal(bomb)).toEqual([413, "BODY_TOO_LARGE"]);
  });

  test("and a stream of requests may not grow beyond all measure", async () => {
    const grown = Buffer.from(`{"number":1}\n${" \r\n".repeat(500_000)}`);
    const answer = await post(gzipSync(grown), "gzip", "application/x-ndjson");
    expect(refusal(answer)).toEqual([413, "BODY_TOO_LARGE"]);
    const few = grown.subarray(0, 100_000);
    expect((await post(gzipSync(few), "gzip", "application/x-ndjson")).status).toBe(200);
  });

  test("and is refused, if it is not what it says, too large, or of another coding", async () => {
    const bomb = Buffer.alloc(2_000_000, 0x20);
    expect(refusal(await post(gzipSync(bomb), "gzip"))).toEqual([413, "BODY_TOO_LARGE"]);
    expect(refusal(await post(brotliCompressSync(bomb), "br"))).toEqual([413, "BODY_TOO_LARGE"]);
    expect(refusal(await post(text, "gzip"))).toEqual([400, "BODY_CODING_BROKEN"]);
    expect(refusal(await post(text, "br"))).toEqual([400, "BODY_CODING_BROKEN"]);
    expect(refusal(await post(gzipSync(text).subarray(0, 12), "gzip"))).toEqual([400, "BODY_CODING_BROKEN"]);
    for (const [coding, coded] of [
      ["gzip", gzipSync(text)],
      ["br", brotliCompressSync(text)],
    ] as const) {
      for (const more of ["more", "\0"]) {
        // oxlint-disable-next-line no-await-in-loop
        const answer = await post(Buffer.concat([coded, Buffer.from(more)]), coding);
        expect(refusal(answer)).toEqual([400, "BODY_CODING_BROKEN"]);
      }
    }
    for (const coding of ["deflate", "gzip, br", "gzip, gzip", "__proto__"]) {
      const other = await post(text, coding);
      expect([...refusal(other), other.headers["accept-encoding"]]).toEqual([
        415,
        "CODING_NOT_TAKEN",
        "br, gzip",
      ]);
    }
    expect(served.seen.binds).toEqual([]);
  });
});
