import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import {
  auth,
  createLogger,
  createServer,
  errorBoundary,
  logging,
  requestId,
  resourceExhausted,
  type AnyMiddleware,
} from "@callwire/server-kit";
import { createChannel, createInProcessChannel } from "@callwire/transport";
import { Metadata, Status } from "nice-grpc-common";
import { createEdge } from "./create-edge.js";
import { waitOf } from "./http/timeout.js";
import { ProbeServiceDefinition } from "./testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "./testing/probe-service.js";
import { send, serveEdge, violationsOf, type Behind } from "./testing/serve-edge.js";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;
if (!hasCurl) process.stderr.write("SKIPPED: calls by curl; there is no curl\n");
const curlTest = hasCurl ? test : test.skip;

const bothWays: Behind[] = ["server", "channel", "channel, by descriptors"];

describe.each(bothWays)("before a %s", (behind) => {
  test.each<[string, string, unknown, unknown]>([
    [
      "POST",
      "/v1/shelves/1/books/2/3:bind",
      { number: 5 },
      { request: { name: "shelves/1/books/2/3", number: 5 } },
    ],
    ["POST", "/v1/shelves/1/books:bind", undefined, { request: { name: "shelves/1/books" } }],
    // The path counts, whatever the body says.
    ["POST", "/v1/shelves/1/books/2:bind", { name: "x" }, { request: { name: "shelves/1/books/2" } }],
    [
      "PUT",
      "/v1/parts/a%2Fb?number=3&tags=x",
      { count: 2, id: "y" },
      { request: { part: { id: "a/b", count: 2 }, number: 3, tags: ["x"] }, tags: ["x"] },
    ],
    ["PUT", "/v1/parts/7", undefined, { request: { part: { id: "7" } } }],
    ["PATCH", "/v1/tags/7", ["a", "b"], ["a", "b"]],
    ["PATCH", "/v1/tags/7", [], []],
    [
      "DELETE",
      "/v1/things/7?part.inner.id=z",
      undefined,
      { request: { id: "7", part: { inner: { id: "z" } } } },
    ],
    ["PURGE", "/v1/things/7", undefined, { request: { id: "7" } }],
    // Where no body is taken, an empty one says nothing; null stands for a field that is not set.
    ["DELETE", "/v1/things/7", "{ }", { request: { id: "7" } }],
    ["PUT", "/v1/parts/7", " null", { request: { part: { id: "7" } } }],
    ["PATCH", "/v1/tags/7", "null", []],
    ["BREW", "/v1/any/7", undefined, { request: { id: "7" } }],
    [
      "POST",
      "/v1/query",
      { nested: { stringValue: "a" }, int64_value: 5 },
      { int64Value: "5", nested: { stringValue: "a" } },
    ],
  ])("%s %s", async (method, path, json, expected) => {
    await using served = await serveEdge({ behind });
    const answer = await send(served.url + path, { method: method === "BREW" ? "REPORT" : method, json });
    expect([answer.status, answer.json]).toEqual([200, expected]);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a PATCH names what its body has, if the option says so", async () => {
    const patched = async (updateMaskFromBody: boolean, query = "") => {
      await using served = await serveEdge({ behind, options: { updateMaskFromBody } });
      const json = { id: "7", title: "", etag: "v1" };
      const answer = await send(`${served.url}/v1/books/1${query}`, { method: "PATCH", json });
      return [answer.status, answer.json];
    };
    expect(await patched(false)).toEqual([200, { id: "1", title: "One", etag: "v2" }]);
    expect(await patched(true)).toEqual([200, { id: "1", etag: "v2" }]);
    expect(await patched(true, "?update_mask=etag")).toMatchObject([
      400,
      { error: { message: "etag cannot change" } },
    ]);
  });

  test("answers HEAD as GET, without the body", async () => {
    await using served = await serveEdge({ behind });
    const get = await send(`${served.url}/v1/query?string_value=abc`);
    const head = await send(`${served.url}/v1/query?string_value=abc`, { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("content-length")).toBe(String(get.text.length));
    const missing = await send(`${served.url}/v1/query?int32_value=x`, { method: "HEAD" });
    expect([missing.status, missing.text]).toEqual([400, ""]);
    const stream = await send(`${served.url}/v1/numbers`, { method: "HEAD" });
    expect([stream.status, stream.headers.get("allow")]).toEqual([405, "GET, POST"]);
    const methods = await send(`${served.url}/v1/numbers`, { method: "OPTIONS" });
    expect(methods.headers.get("allow")).toBe("GET, POST");
  });

  test("says what there is not, and by which methods there is", async () => {
    await using served = await serveEdge({ behind });
    const missing = await send(`${served.url}/v1/nothing`);
    expect([missing.status, missing.json]).toMatchObject([
      404,
      {
        error: {
          code: 404,
          status: "NOT_FOUND",
          message: "nothing is served at this path",
          details: [
            {
              "@type": "type.googleapis.com/google.rpc.ErrorInfo",
              reason: "ROUTE_NOT_FOUND",
              domain: "callwire.edge",
            },
          ],
        },
      },
    ]);
    const other = await send(`${served.url}/v1/query`, { method: "DELETE" });
    expect([other.status, other.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
    const options = await send(`${served.url}/v1/query`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow"), options.text]).toEqual([
      204,
      "GET, HEAD, POST",
      "",
    ]);
  });

  test("names every wrong field of a body at once, and calls nothing", async () => {
    await using served = await serveEdge({ behind });
    const answer = await send(`${served.url}/v1/shelves/1/books/2:bind`, {
      method: "POST",
      json: {
        number: "x",
        part: { count: 1.5, inner: { id: 1, more: true } },
        tags: ["a", 2, null],
        failCode: 2 ** 31,
      },
    });
    expect(answer.status).toBe(400);
    expect(violationsOf(answer)).toEqual({
      number: 'not an int32: "x"',
      "part.count": "not an int32: 1.5",
      "part.inner.id": "not a string: 1",
      "part.inner.more": "no field of the message; it has id, count, inner",
      "tags[1]": "not a string: 2",
      "tags[2]": "not a value: null",
      fail_code: "not an int32: 2147483648",
    });
    const both = await send(`${served.url}/v1/parts/7?number=x&part.id=1&nope`, {
      method: "PUT",
      json: { count: true },
    });
    expect(violationsOf(both)).toEqual({
      "part.count": "not a number: true",
      number: 'not an int32: "x"',
      "part.id": "is given by the path",
      nope: "no field of the request; it has name, id, part, tags, number, fail_code",
    });
    expect(served.seen.binds).toEqual([]);
  });

  test("gives each code its HTTP status, and the error of AIP-193", async () => {
    await using served = await serveEdge({ behind });
    const statuses: Record<string, number> = {};
    for (let code = 1; code <= 16; code++) {
      const { status, json } = await send(`${served.url}/v1/things/7?fail_code=${code}`, {
        method: "DELETE",
      });
      const name = Status[code]!;
      statuses[name] = status;
      expect(json).toEqual({ error: { code: status, message: `failed with ${code}`, status: name } });
    }
    expect(statuses).toEqual({
      CANCELLED: 499,
      UNKNOWN: 500,
      INVALID_ARGUMENT: 400,
      DEADLINE_EXCEEDED: 504,
      NOT_FOUND: 404,
      ALREADY_EXISTS: 409,
      PERMISSION_DENIED: 403,
      RESOURCE_EXHAUSTED: 429,
      FAILED_PRECONDITION: 400,
      ABORTED: 409,
      OUT_OF_RANGE: 400,
      UNIMPLEMENTED: 501,
      INTERNAL: 500,
      UNAVAILABLE: 503,
      DATA_LOSS: 500,
      UNAUTHENTICATED: 401,
    });
  });

  test("carries details, Retry-After, and problem+json by Accept", async () => {
    const refuse: AnyMiddleware = {
      name: "refuse",
      arrived() {
        throw resourceExhausted({
          message: "too many",
          retryAfterMs: 1200,
          violations: [{ subject: "you", description: "calls" }],
        });
      },
    };
    await using served = await serveEdge({ behind, middleware: [errorBoundary({ logger: quiet }), refuse] });
    const answer = await send(`${served.url}/v1/query`);
    const type = (name: string) => `type.googleapis.com/google.rpc.${name}`;
    const details = [
      {
        "@type": type("ErrorInfo"),
        reason: "RESOURCE_EXHAUSTED",
        domain: "callwire.edge.testing.v1.ProbeService",
      },
      { "@type": type("QuotaFailure"), violations: [{ subject: "you", description: "calls" }] },
      { "@type": type("RetryInfo"), retryDelay: "1.200s" },
    ];
    expect(answer.json).toEqual({
      error: { code: 429, message: "too many", status: "RESOURCE_EXHAUSTED", details },
    });
    expect(answer.headers.get("retry-after")).toBe("2");
    const problem = await send(`${served.url}/v1/query`, {
      headers: { accept: "text/html, application/problem+json;q=0.5" },
    });
    expect(problem.headers.get("content-type")).toBe("application/problem+json");
    expect(problem.json).toEqual({
      type: "about:blank",
      title: "Too Many Requests",
      status: 429,
      detail: "too many",
      code: "RESOURCE_EXHAUSTED",
      details,
    });
    for (const accept of [
      "application/problem+json;q=0, */*",
      "application/json, application/problem+json;q=0.9",
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      const refused = await send(`${served.url}/v1/query`, { headers: { accept } });
      expect(refused.headers.get("content-type")).toBe("application/json");
    }
  });

  test("passes the middleware, with the metadata that may pass and no others", async () => {
    const seen: Record<string, unknown>[] = [];
    const note: AnyMiddleware = {
      name: "note",
      arrived(call) {
        const { metadata } = call as unknown as { metadata: Metadata };
        seen.push(Object.fromEntries(metadata));
      },
    };
    const verify = (token: string) => token === "good" && { name: "ada" };
    await using served = await serveEdge({
      behind,
      middleware: [requestId(), errorBoundary({ logger: quiet }), auth({ verify }), note],
      options: { requestMetadata: ["x-tenant", "x-key-bin"], responseMetadata: ["x-other"] },
    });
    const url = `${served.url}/v1/query?string_value=a`;
    const refused = await send(url, { headers: { cookie: "authorization=Bearer good" } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    expect(refused.json).toMatchObject({ error: { details: [{ reason: "CREDENTIALS_MISSING" }] } });
    expect(refused.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const headers = {
      authorization: "Bearer good",
      cookie: "a=b",
      "x-tenant": "t",
      "x-secret": "s",
      "x-key-bin": "AQI",
    };
    const answer = await send(url, { headers: { ...headers, "x-request-id": "mine" } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-request-id")).toBe("mine");
    expect(seen).toEqual([
      expect.objectContaining({
        authorization: ["Bearer good"],
        "x-tenant": ["t"],
        "x-request-id": ["mine"],
      }),
    ]);
    expect([...(seen[0]!["x-key-bin"] as Uint8Array[])[0]!]).toEqual([1, 2]);
    expect(seen[0]).not.toHaveProperty("cookie");
    expect(seen[0]).not.toHaveProperty("x-secret");
    const bad = await send(url, { headers: { ...headers, "x-key-bin": "!" } });
    expect([bad.status, bad.json]).toMatchObject([400, { error: { details: [{ reason: "BAD_HEADER" }] } }]);
  });

  test("ends a call by the client's deadline, and by its own limit", async () => {
    const never: AnyMiddleware = { name: "never", arrived: () => new Promise(() => {}) };
    await using served = await serveEdge({ behind, middleware: [never] });
    const url = `${served.url}/v1/query`;
    const answers = await Promise.all([
      send(url, { headers: { "grpc-timeout": "20m" } }),
      send(url, { headers: { prefer: "respond-async, wait=0" } }),
    ]);
    for (const { status, json } of answers) {
      expect([status, json]).toMatchObject([504, { error: { status: "DEADLINE_EXCEEDED" } }]);
    }
    const bad = await send(url, { headers: { "grpc-timeout": "20x" } });
    expect([bad.status, bad.json]).toMatchObject([400, { error: { message: "grpc-timeout is malformed" } }]);
    await using short = await serveEdge({
      behind,
      middleware: [never],
      options: { limits: { callTimeoutMs: 5 } },
    });
    expect((await send(`${short.url}/v1/query`, { headers: { "grpc-timeout": "1H" } })).status).toBe(504);
    await using quick = await serveEdge({ behind });
    const waited = await send(`${quick.url}/v1/query`, { headers: { prefer: 'wait="10"' } });
    expect([waited.status, waited.headers.get("preference-applied")]).toEqual([200, "wait=10"]);
  });

  curlTest("answers curl", async () => {
    await using served = await serveEdge({ behind });
    const curl = async (...args: string[]) => (await promisify(execFile)("curl", ["-sS", ...args])).stdout;
    const body = ["-X", "POST", "-H", "content-type: application/json", "-d", '{"number": 5}'];
    const out = await curl(...body, `${served.url}/v1/shelves/1/books/2:bind`);
    expect(JSON.parse(out)).toEqual({ request: { name: "shelves/1/books/2", number: 5 } });
    // By its default, curl sends a form.
    const form = await curl("-d", '{"number": 5}', `${served.url}/v1/shelves/1/books/2:bind`);
    expect(JSON.parse(form)).toMatchObject({ error: { code: 415 } });
    const head = await curl("-I", `${served.url}/v1/query`);
    expect(head).toMatch(/^HTTP\/1.1 200 OK/);
  });
});

const quiet = createLogger({ level: "silent" });

describe("in the server's process", () => {
  test("writes the call's line, with its route", async () => {
    const lines: Record<string, unknown>[] = [];
    const note = { ...quiet, info: (fields: object) => void lines.push(fields as Record<string, unknown>) };
    const logger = Object.assign(Object.create(quiet) as typeof quiet, note);
    await using served = await serveEdge({ middleware: [logging({ logger })] });
    await send(`${served.url}/v1/things/7`, { method: "DELETE" });
    expect(lines).toEqual([
      expect.objectContaining({
        "grpc.service": "callwire.edge.testing.v1.ProbeService",
        "grpc.method": "Bind",
        "grpc.code": "OK",
        "http.request.method": "DELETE",
        "http.route": "/v1/things/{id}",
        "peer.address": expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      }),
    ]);
  });

  test("hides what was not thrown on purpose", async () => {
    const fails: AnyMiddleware = {
      name: "fails",
      arrived() {
        throw new Error("secret");
      },
    };
    await using served = await serveEdge({ middleware: [errorBoundary({ logger: quiet }), fails] });
    const answer = await send(`${served.url}/v1/query`);
    expect(answer.status).toBe(500);
    expect(answer.json).toMatchObject({ error: { message: "internal error", status: "INTERNAL" } });
    expect(answer.text).not.toContain("secret");
  });

  test("takes no more calls when the server stops", async () => {
    await using served = await serveEdge();
    await served.server.shutdown();
    const answer = await served.edge.fetch(new Request("http://edge.test/v1/query"));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "0"]);
  });

  test("aborts the call when the client goes", async () => {
    let aborted: (() => void) | undefined;
    const hasAborted = new Promise<void>((resolve) => (aborted = resolve));
    let arrived: (() => void) | undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const waits: AnyMiddleware = {
      name: "waits",
      arrived(call) {
        const { signal } = call as unknown as { signal: AbortSignal };
        signal.addEventListener("abort", () => aborted!());
        arrived!();
        return new Promise(() => {});
      },
    };
    await using served = await serveEdge({ middleware: [waits] });
    const client = new AbortController();
    const sent = fetch(`${served.url}/v1/query`, { signal: client.signal }).catch((error: unknown) => error);
    await hasArrived;
    client.abort();
    await hasAborted;
    expect(await sent).toMatchObject({ name: "AbortError" });
  });

  test("answers a request of fetch that is aborted, before its call or within it", async () => {
    const client = new AbortController();
    const { signal } = client;
    let arrived: (() => void) | undefined;
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const waits: AnyMiddleware = {
      name: "waits",
      arrived() {
        arrived!();
        return new Promise(() => {});
      },
    };
    await using served = await serveEdge({ middleware: [waits] });
    const within = served.edge.fetch(new Request("http://edge.test/v1/query", { signal }));
    await hasArrived;
    client.abort();
    const before = served.edge.fetch(new Request("http://edge.test/v1/query", { signal }));
    expect([(await within).status, (await before).status]).toEqual([499, 499]);
  });
});

test("requests of a stream whose request of fetch is aborted are broken off, though their body goes on", async () => {
  const client = new AbortController();
  const events = new EventTarget();
  const [hasRead, hasFailed] = [once(events, "read"), once(events, "failed")];
  let failure: unknown;
  const notes: AnyMiddleware = {
    name: "notes",
    request(message) {
      events.dispatchEvent(new Event("read"));
      return message;
    },
    failed(thrown) {
      failure = thrown;
      events.dispatchEvent(new Event("failed"));
      return thrown;
    },
  };
  await using served = await serveEdge({ middleware: [notes] });
  let onCancelled = () => {};
  const isCancelled = new Promise<void>((resolve) => (onCancelled = resolve));
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from('{"number": 1}\n')),
    cancel: () => onCancelled(),
  });
  const request = new Request("http://edge.test/v1/sums/a", {
    method: "POST",
    headers: { "content-type": "application/x-ndjson" },
    body,
    signal: client.signal,
    duplex: "half",
  });
  const answer = served.edge.fetch(request);
  await hasRead;
  client.abort();
  expect((await answer).status).toBe(499);
  await Promise.all([hasFailed, isCancelled]);
  expect(failure).toMatchObject({ message: expect.stringContaining("the body was broken off") });
});

describe("over a channel", () => {
  test("an answer that is too deep is told apart from a service that is not there", async () => {
    await using served = await serveEdge({ behind: "channel" });
    // The answer has the request inside.
    const answer = await send(`${served.url}/v1/query?${"nested.".repeat(99)}string_value=a`);
    expect([answer.status, answer.json]).toMatchObject([
      500,
      { error: { status: "INTERNAL", message: "the answer of the service cannot be read" } },
    ]);
  });

  test("says nothing of where the service is", async () => {
    const channel = createChannel("127.0.0.1:1");
    const edge = createEdge({ channel, services: [ProbeServiceDefinition] });
    const answer = await edge.fetch(new Request("http://edge/v1/query"));
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      error: { code: 503, status: "UNAVAILABLE", message: "the service cannot be reached" },
    });
    channel.close();
  });
});

describe("fetch", () => {
  test("answers a Request, with the peer that it is told", async () => {
    const server = createServer();
    server.add(ProbeServiceDefinition, {
      ...probeService(),
      query: async (_, { peer, authority }) => ({ request: { stringValue: peer, strings: [authority] } }),
    });
    const { fetch } = createEdge({ server });
    const answer = await fetch(new Request("https://api.example.com/v1/query"), { peer: "192.0.2.1:9" });
    expect(await answer.json()).toEqual({ stringValue: "192.0.2.1:9", strings: ["api.example.com"] });
    expect(answer.headers.get("content-type")).toBe("application/json");
    const posted = await fetch(
      new Request("https://x/v1/shelves/1/books/2:bind", {
        method: "POST",
        body: '{"number": 7}',
        headers: { "content-type": "application/json; charset=utf-8" },
      }),
    );
    expect(await posted.json()).toEqual({ request: { name: "shelves/1/books/2", number: 7 } });
    const failed = await fetch(new Request("https://x/v1/things/1?fail_code=5#part", { method: "DELETE" }));
    expect([failed.status, failed.headers.get("vary")]).toEqual([404, "accept"]);
    const head = await fetch(new Request("https://x/v1/query", { method: "HEAD" }));
    expect([head.status, head.body]).toEqual([200, null]);
    server.forceShutdown();
  });
});

describe("createEdge names what is wrong", () => {
  const server = createServer().add(ProbeServiceDefinition, probeService());
  const { methods } = ProbeServiceDefinition;

  test.each<[string, object, string]>([
    ["no server", {}, "createEdge takes a server, or a channel and its services"],
    ["an option that is none", { server, timeout: 5 }, "createEdge has no option 'timeout'"],
    ["a limit that is none", { server, limits: { maxBodySize: 5 } }, "did you mean 'limits.maxBodyBytes'"],
    ["a limit that is out of range", { server, limits: { maxBodyBytes: -1 } }, "limits.maxBodyBytes is -1"],
    [
      "a server that is none",
      { server: { shutdown() {}, forceShutdown() {} } },
      "no server of @callwire/server-kit",
    ],
    [
      "a channel alone",
      { channel: createInProcessChannel({ connectInProcess: () => undefined as never }) },
      "services is missing",
    ],
    [
      "an origin that is none",
      { server, cors: { origins: ["https://a.example/"] } },
      '"https://a.example/" is no origin',
    ],
    [
      "credentials for any origin",
      { server, cors: { origins: ["*"], credentials: true } },
      "credentials are not for any origin",
    ],
    ["an option of tags that is none", { server, etags: { quote: true } }, "did you mean 'etags.quoted'"],
    [
      "a compression that is none",
      { server, compression: true },
      "compression is true: it must be false, or",
    ],
    [
      "an option of compression that is none",
      { server, compression: { minByte: 1 } },
      "did you mean 'compression.minBytes'",
    ],
    ["metadata that HTTP has", { server, requestMetadata: ["content-type"] }, "content-type belongs to HTTP"],
    ["metadata in capitals", { server, responseMetadata: ["X-A"] }, '"X-A" is no name of metadata'],
  ])("%s", (_, options, message) => {
    expect(() => createEdge(options as never)).toThrow(message);
  });

  test.each<[string, object, string]>([
    ["a path that is none", { method: "GET", path: "v1" }, 'the path template "v1" does not begin with /'],
    [
      "a field that there is not",
      { method: "GET", path: "/{idd}" },
      "the rule GET /{idd} names idd, which is no field of callwire.edge.testing.v1.QueryRequest",
    ],
    [
      "a list in the path",
      { method: "GET", path: "/{strings}" },
      "names strings in the path, which is a list",
    ],
    [
      "a map in the path",
      { method: "GET", path: "/{string_map}" },
      "names string_map in the path, which is a map",
    ],
    [
      "a message in the path",
      { method: "GET", path: "/{nested}" },
      "names nested in the path, which is a message",
    ],
    [
      "a body that there is not",
      { method: "POST", path: "/a", body: "nope" },
      "has the body nope, which is no field",
    ],
    [
      "a response body that there is not",
      { method: "GET", path: "/a", responseBody: "nope" },
      "has the response_body nope, which is no field",
    ],
    ["no method", { path: "/a" }, "has a rule without an HTTP method"],
    [
      "the rule of another method",
      { method: "GET", path: "/v1/numbers" },
      "GET /v1/numbers of callwire.edge.testing.v1.ProbeService/Query and GET /v1/numbers of callwire.edge.testing.v1.ProbeService/WatchNumbers take the same requests",
    ],
  ])("a rule with %s", (_, rule, message) => {
    const definition = {
      ...ProbeServiceDefinition,
      methods: { ...methods, query: { ...methods.query, http: [rule] } },
    };
    const broken = createServer().add(definition as never, probeService());
    expect(() => createEdge({ server: broken })).toThrow(message);
    expect(() => createEdge({ server: broken })).toThrow("callwire.edge.testing.v1.ProbeService/Query");
  });

  test("a stream of requests without a body", () => {
    const definition = {
      ...ProbeServiceDefinition,
      methods: { ...methods, sum: { ...methods.sum, http: [{ method: "POST", path: "/a" }] } },
    };
    const broken = createServer().add(definition as never, probeService());
    expect(() => createEdge({ server: broken })).toThrow("has no body, though the method takes a stream");
  });

  test("and lists what is served", () => {
    const { routes } = createEdge({ server });
    expect(routes).toContainEqual({
      httpMethod: "PUT",
      path: "/v1/parts/{part.id}",
      method: "callwire.edge.testing.v1.ProbeService/Bind",
    });
    expect(routes).toHaveLength(11);
  });
});

test("a foreign server's details that are none are left out", async () => {
  const foreign = createServer({
    middleware: [
      {
        name: "foreign",
        failed(thrown, call) {
          const { trailer } = call as unknown as { trailer: Metadata };
          trailer.set("grpc-status-details-bin", Uint8Array.of(0xff, 0xff));
          return thrown;
        },
      },
    ],
  }).add(ProbeServiceDefinition, probeService());
  const channel = createChannel(`127.0.0.1:${await foreign.listen("127.0.0.1:0")}`);
  try {
    const { fetch } = createEdge({ channel, services: [ProbeServiceDefinition] });
    const answer = await fetch(new Request("http://x/v1/things/1?fail_code=5", { method: "DELETE" }));
    expect([answer.status, await answer.json()]).toEqual([
      404,
      { error: { code: 404, message: "failed with 5", status: "NOT_FOUND" } },
    ]);
  } finally {
    channel.close();
    foreign.forceShutdown();
  }
});

test.each([
  ["wait=10", 10],
  ["Wait = 10", 10],
  ['wait="10"', 10],
  ["respond-async, wait=5; foo, return=minimal", 5],
  // The first one counts, also if it is malformed.
  ["wait=1, wait=2", 1],
  ["wait=x, wait=2", undefined],
  ["wait", undefined],
  ["wait=-1", undefined],
  ["wait=1.5", undefined],
  ["wait=1 2", undefined],
  // A parameter of another preference, and a text.
  ["foo; wait=10", undefined],
  ['foo="a, wait=10"', undefined],
  ['foo="a\\", wait=10"', undefined],
  ['foo="', undefined],
])("prefer: %s", (prefer, seconds) => {
  expect(waitOf(prefer)).toBe(seconds);
});
