import { createServer } from "@callwire/server-kit";
import { createChannel } from "@callwire/transport";
import { describe, expect, test } from "@jest/globals";
import { createEdge } from "../create-edge.js";
import type { ServerEdgeOptions } from "../edge-options.js";
import { mcp } from "../mcp.js";
import { LibraryServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/library_service.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { libraryService } from "../testing/library-service.js";
import { probeService } from "../testing/probe-service.js";

const SERVICE = "callwire.edge.testing.v1.ProbeService";
const server = createServer({ middleware: [] })
  .add(ProbeServiceDefinition, probeService())
  .add(LibraryServiceDefinition, libraryService());

const document = { openapi: "3.1.0", info: { title: "Shop", version: "1.0.0" }, paths: {} };
const metrics = { contentType: "text/plain", metrics: () => "calls_total 1\n" };
const page = (path: string) => ({
  resources: () => [{ path, contentType: "text/html", body: "<!doctype html>" }],
});
const tools = (path?: string) =>
  mcp({ tools: [`${SERVICE}/Query`], descriptors: descriptorSet, ...(path && { path }) });

/** Each option that has a place, at a path. */
const at: Record<string, (path: string) => Partial<ServerEdgeOptions>> = {
  healthPath: (path) => ({ healthPath: path }),
  "openapi.path": (path) => ({ openapi: { document, path } }),
  "openapi.page": (path) => ({ openapi: { document, page: page(path) } }),
  mcp: (path) => ({ mcp: tools(path) }),
};
/** Each path that an option has without a word of it. */
const defaults: [option: string, path: string, has: Partial<ServerEdgeOptions>][] = [
  ["healthPath", "/healthz", {}],
  ["metrics", "/metrics", { metrics }],
  ["openapi.path", "/openapi.json", { openapi: { document } }],
  ["mcp", "/mcp", { mcp: tools() }],
];

/** All pairs of an option that is moved to a path and of one that has it. */
const pairs = Object.entries(at).flatMap(([moved, options]) =>
  defaults
    .filter(([option]) => option !== moved)
    .map(([option, path, has]): [string, string, string, object] => {
      const given = options(path);
      const openapi = { ...has.openapi, ...given.openapi };
      return [moved, option, path, { ...has, ...given, ...(given.openapi && { openapi }) }];
    }),
);

describe("no place hides another", () => {
  test.each(pairs)("%s and %s, at %s", (moved, option, path, options) => {
    const create = () => createEdge({ server, ...options });
    expect(create).toThrow(/^createEdge: .* would hide .*: give one of them another path$/);
    // Which one is named first is of no interest.
    for (const name of [moved, option, path]) expect(create).toThrow(name);
  });

  test("nor does a page hide itself, or the health by default before a channel", () => {
    const two = { resources: () => [...page("/a").resources(), ...page("/a").resources()] };
    expect(() => createEdge({ server, openapi: { document, page: two } })).toThrow(
      "createEdge: openapi.page would hide openapi.page at /a",
    );
    const channel = createChannel("127.0.0.1:1");
    const services = [ProbeServiceDefinition];
    expect(() => createEdge({ channel, services, mcp: tools("/healthz") })).not.toThrow();
    expect(() => createEdge({ server, healthPath: false, mcp: tools("/healthz") })).not.toThrow();
    expect(() => createEdge({ channel, services, healthPath: "/healthz" })).toThrow(
      "healthPath goes with a server",
    );
    channel.close();
  });
});

describe.each(Object.entries(at))("%s hides nothing of the contract", (option, options) => {
  test.each([
    ["/v1/query", `GET /v1/query of ${SERVICE}/Query`],
    ["/v1/talk", `POST /v1/talk of ${SERVICE}/Talk`],
    ["/v1/books/x", "GET /v1/books/{id} of callwire.edge.testing.v1.LibraryService/GetBook"],
    [`/${SERVICE}/Query`, `${SERVICE}/Query`],
    ["/callwire.edge.testing.v1.LibraryService/Whisper", "callwire.edge.testing.v1.LibraryService/Whisper"],
  ])("at %s", (path, hidden) => {
    expect(() => createEdge({ server, ...options(path) })).toThrow(
      `createEdge: ${option} would hide ${hidden} at ${path}: give one of them another path`,
    );
  });

  test.each(["healthz", "/a/../b", "/a/.", "/<script>", "/a?b", "/a/", "//a", "/%61", "/{a}"])(
    "nor is it at %s",
    (path) => {
      expect(() => createEdge({ server, ...options(path) })).toThrow(
        `createEdge: ${option}: ${JSON.stringify(path)} is no path as "/healthz" is`,
      );
    },
  );

  test("and is where it is told to be", async () => {
    for (const path of ["/-/it", "/.well-known/it", "/"]) {
      const edge = createEdge({ server, ...options(path) });
      const { status } = await edge.fetch(new Request(`http://edge.test${path}?x`, { method: "OPTIONS" }));
      expect([path, status]).toEqual([path, 204]);
    }
  });
});

test("a method that is served by no protocol of RPC has no path to hide", () => {
  const protocols = { grpcWeb: false, connect: false };
  expect(() => createEdge({ server, protocols, ...at["healthPath"]!(`/${SERVICE}/Query`) })).not.toThrow();
});

test("a rule that takes any path leaves places theirs", async () => {
  const { methods } = ProbeServiceDefinition;
  const http = [{ method: "GET", path: "/{string_value=**}" }];
  const definition = { ...ProbeServiceDefinition, methods: { query: { ...methods.query, http } } };
  const any = createServer({ middleware: [] }).add(definition, { query: async (request) => ({ request }) });
  const edge = createEdge({ server: any });
  const ask = async (path: string): Promise<unknown> =>
    (await edge.fetch(new Request(`http://edge.test${path}`))).json();
  expect(await ask("/healthz")).toEqual({ status: "SERVING" });
  expect(await ask("/healthz/a")).toEqual({ request: { stringValue: "healthz/a" } });
});

test("all places answer by their methods of HTTP alone, and say which they are", async () => {
  const origin = "https://app.example.com";
  const edge = createEdge({
    server,
    metrics,
    openapi: { document, page: page("/docs") },
    mcp: tools(),
    cors: { origins: [origin] },
  });
  const ask = async (path: string, method: string, headers: Record<string, string> = {}) => {
    const response = await edge.fetch(new Request(`http://edge.test${path}`, { method, headers }));
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const places = [
    ["/healthz", "GET, HEAD"],
    ["/metrics", "GET, HEAD"],
    ["/openapi.json", "GET, HEAD"],
    ["/docs", "GET, HEAD"],
    ["/mcp", "POST"],
  ] as const;
  for (const [path, allowed] of places) {
    const isRead = allowed !== "POST";
    const [get, head] = await Promise.all([ask(path, "GET"), ask(path, "HEAD")]);
    expect([path, get.status, head.status, head.text]).toEqual([
      path,
      ...(isRead ? [200, 200] : [405, 405]),
      "",
    ]);
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(get.text)));
    for (const method of ["PUT", "PATCH", "DELETE", isRead ? "POST" : "GET"]) {
      const refused = await ask(path, method);
      expect([path, method, refused.status, refused.headers.get("allow")]).toEqual([
        path,
        method,
        405,
        allowed,
      ]);
      expect(refused.text).toContain("METHOD_NOT_ALLOWED");
    }
    const options = await ask(path, "OPTIONS");
    expect([path, options.status, options.headers.get("allow"), options.text]).toEqual([
      path,
      204,
      allowed,
      "",
    ]);
    const preflight = { origin, "access-control-request-method": allowed };
    const { status, headers } = await ask(path, "OPTIONS", preflight);
    const fields = ["access-control-allow-origin", "access-control-allow-methods"];
    expect([path, status, ...fields.map((name) => headers.get(name))]).toEqual([path, 204, origin, allowed]);
    const stranger = await ask(path, "OPTIONS", { ...preflight, origin: "https://evil.example" });
    expect([path, stranger.status]).toEqual([path, 403]);
    expect((await ask(`${path}/more`, "GET")).status).toBe(404);
  }
});

test("those who run the service ask by any host, and all others by those that are named", async () => {
  const openapi = { document, page: page("/docs") };
  const edge = createEdge({ server, metrics, openapi, mcp: tools(), hosts: ["edge.test"] });
  const statusOf = async (path: string, method: string) =>
    (await edge.fetch(new Request(`http://10.0.0.1${path}`, { method }))).status;
  for (const path of ["/healthz", "/metrics"])
    expect([path, await statusOf(path, "GET")]).toEqual([path, 200]);
  for (const path of ["/openapi.json", "/docs", "/v1/query", "/v1/nothing"])
    expect([path, await statusOf(path, "GET")]).toEqual([path, 421]);
  expect(await statusOf("/mcp", "POST")).toBe(421);
});
