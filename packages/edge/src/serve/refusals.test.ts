import { once } from "node:events";
import { request as requestTo, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { PROBE } from "../testing/call-rpc.js";
import { send, serveEdge, type ServedEdge } from "../testing/serve-edge.js";

let served: ServedEdge;
beforeAll(async () => {
  served = await serveEdge({ options: { hosts: ["127.0.0.1"] } });
});
afterAll(async () => served[Symbol.asyncDispose]());

const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };
const elsewhere = { origin: "https://app.example" };
const preflight = { ...elsewhere, "access-control-request-method": "POST" };

// The mistakes of the first hour: each answer says what is wrong, and what there is instead.
test.each<
  [what: string, init: Parameters<typeof send>[1] & { path: string }, status: number, message: string]
>([
  [
    "the type that curl has by itself",
    { path: "/v1/query", method: "POST", body: "{}", headers: form },
    415,
    "content-type must be application/json, not application/x-www-form-urlencoded",
  ],
  [
    "another charset",
    {
      path: "/v1/query",
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json; charset=latin1" },
    },
    415,
    "content-type must be application/json, in UTF-8",
  ],
  ["another method of HTTP", { path: "/v1/query", method: "PUT" }, 405, "this path takes GET, HEAD, POST"],
  [
    "a slash at the end",
    { path: "/v1/query/?string_value=a" },
    404,
    "nothing is served at this path; did you mean '/v1/query'?",
  ],
  [
    "a method in another case",
    { path: `${PROBE}/query`, method: "POST", body: "{}", headers: json },
    404,
    `nothing is served at this path; did you mean '${PROBE}/Query'?`,
  ],
  [
    "a service without its package",
    { path: "/ProbeService/Query", method: "POST", body: "{}", headers: json },
    404,
    `nothing is served at this path; did you mean '${PROBE}/Query'?`,
  ],
  ["a path like none", { path: "/nope" }, 404, "nothing is served at this path"],
  [
    "a long path, which is not told back",
    { path: `/v1/tags/${"q".repeat(500)}/`, method: "PATCH" },
    404,
    "nothing is served at this path",
  ],
  [
    "a page of another origin",
    { path: "/v1/query", method: "OPTIONS", headers: preflight },
    403,
    "pages of https://app.example may not call: the edge's option cors lists the origins that may",
  ],
])("%s", async (_, { path, ...init }, status, message) => {
  const answer = await send(served.url + path, init);
  expect([answer.status, answer.json]).toMatchObject([status, { error: { message } }]);
  // It would have been a problem by another `accept`.
  expect(answer.headers.get("vary")).toBe("accept");
});

// JSON there is for errors of Connect, which these are not: its clients know the HTTP status, and so does Connect's conformance suite.
test.each([
  [
    "that type",
    { path: "Query", method: "POST", body: "{}", headers: form },
    415,
    "content-type must be application/json or application/proto or application/grpc-web or application/grpc-web-text, not application/x-www-form-urlencoded\n",
  ],
  ["its address alone", { path: "Bind" }, 405, "this path takes POST\n"],
  ["no encoding", { path: "Query?message=x" }, 415, "the parameter encoding must be proto or json\n"],
])("a method of the contract by %s", async (_, { path, ...init }, status, text) => {
  const answer = await send(`${served.url}${PROBE}/${path}`, init);
  expect([answer.status, answer.headers.get("content-type"), answer.text]).toEqual([
    status,
    "text/plain; charset=utf-8",
    text,
  ]);
});

test("a question of the same origin, or of no page, is no preflight", async () => {
  for (const headers of [{}, elsewhere, { ...preflight, origin: served.url }]) {
    const answer = await send(`${served.url}/v1/query`, { method: "OPTIONS", headers });
    expect([answer.status, answer.headers.get("allow")]).toEqual([204, "GET, HEAD, POST"]);
  }
});

test("another host", async () => {
  const answer = await send(`http://localhost:${served.port}/v1/query`);
  expect([answer.status, answer.json]).toMatchObject([
    421,
    { error: { message: `localhost:${served.port} is no host that is served here` } },
  ]);
});

// RFC 9112, section 3.2: what proxies send, and what asks for the server itself.
test.each([
  ["GET", "http://127.0.0.1/v1/query?string_value=a", 200, '{"stringValue":"a"}'],
  ["GET", "HTTP://127.0.0.1:80/v1/query", 200, "{}"],
  ["GET", "http://127.0.0.1?string_value=a", 404, "nothing is served at this path"],
  ["OPTIONS", "http://127.0.0.1/v1/query", 204, ""],
  ["OPTIONS", "*", 204, ""],
  ["GET", "*", 400, "the path is malformed"],
  // The host of the target counts, whatever the field says.
  ["GET", "http://evil.example/v1/query", 421, "evil.example is no host that is served here"],
  ["GET", "http://user@127.0.0.1/v1/query", 400, "the path is malformed"],
  ["GET", "ftp://127.0.0.1/v1/query", 400, "the path is malformed"],
  ["GET", "http:///v1/query", 400, "the path is malformed"],
  // None of the forms of a target has a fragment.
  ["GET", "/v1/query?string_value=a#b", 400, "the target has a fragment"],
  ["GET", "/v1/query#?string_value=a", 400, "the target has a fragment"],
  ["GET", "http://127.0.0.1/v1/query#", 400, "the target has a fragment"],
])("the target of %s %s", async (method, path, status, expected) => {
  const request = requestTo({ port: served.port, host: "127.0.0.1", method, path }).end();
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  expect([answer.statusCode, await text(answer)]).toEqual([status, expect.stringContaining(expected)]);
});

test("OPTIONS * by another host", async () => {
  const request = requestTo({ port: served.port, host: "localhost", method: "OPTIONS", path: "*" }).end();
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  expect(answer.resume().statusCode).toBe(421);
});
