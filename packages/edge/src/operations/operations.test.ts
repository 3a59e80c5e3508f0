import { createServer } from "@callwire/server-kit";
import { createChannel } from "@callwire/transport";
import { expect, jest, test } from "@jest/globals";
import { createEdge } from "../create-edge.js";
import type { ServerEdgeOptions } from "../edge-options.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { send, serveEdge } from "../testing/serve-edge.js";

const SERVICE = "callwire.edge.testing.v1.ProbeService";

test("load balancers learn the server's health, and that of its services", async () => {
  await using served = await serveEdge();
  const health = async (query = "") => {
    const { status, json } = await send(`${served.url}/healthz${query}`);
    return [status, json];
  };
  expect(await health()).toEqual([200, { status: "SERVING" }]);
  expect(await health(`?service=${SERVICE}`)).toEqual([200, { status: "SERVING" }]);
  expect(await health("?service=no.Such")).toEqual([404, { status: "SERVICE_UNKNOWN" }]);
  served.server.health.set(SERVICE, "NOT_SERVING");
  expect(await health(`?service=${SERVICE}`)).toEqual([503, { status: "NOT_SERVING" }]);
  served.server.health.set("", "NOT_SERVING");
  expect(await health()).toEqual([503, { status: "NOT_SERVING" }]);
  const head = await send(`${served.url}/healthz`, { method: "HEAD" });
  expect([head.status, head.text, head.headers.get("cache-control")]).toEqual([503, "", "no-store"]);
  const post = await send(`${served.url}/healthz`, { method: "POST", json: {} });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  expect((await send(`${served.url}/healthz/more`)).status).toBe(404);
});

test("metrics have their place only where the application collects them", async () => {
  const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  await using without = await serveEdge();
  expect((await send(`${without.url}/metrics`)).status).toBe(404);
  let text = async () => "calls_total 1\n";
  const metrics = { contentType: "text/plain; version=0.0.4; charset=utf-8", metrics: () => text() };
  await using served = await serveEdge({ options: { metrics } });
  const answer = await send(`${served.url}/metrics?name=calls`);
  expect([answer.status, answer.headers.get("content-type"), answer.text]).toEqual([
    200,
    metrics.contentType,
    "calls_total 1\n",
  ]);
  text = () => Promise.reject(new Error("secret"));
  const failed = await send(`${served.url}/metrics`);
  expect([failed.status, failed.text.includes("secret")]).toEqual([500, false]);
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

test("paths are the application's to choose, and clash by name", async () => {
  const server = createServer().add(ProbeServiceDefinition, probeService({ binds: [], ended: 0, made: 0 }));
  const fetched = async (options: Partial<ServerEdgeOptions>, path: string) =>
    (await createEdge({ server, ...options }).fetch(new Request(`http://edge.test${path}`))).status;
  expect(await fetched({ healthPath: "/-/health" }, "/-/health")).toBe(200);
  expect(await fetched({ healthPath: "/-/health" }, "/healthz")).toBe(404);
  expect(await fetched({ healthPath: false }, "/healthz")).toBe(404);
  expect(() => createEdge({ server, healthPath: "/v1/query" })).toThrow(
    `${SERVICE}/Query takes /v1/query, which the edge answers itself`,
  );
  expect(() => createEdge({ server, healthPath: "healthz" })).toThrow(
    'healthPath is "healthz": it must be a path',
  );
  expect(() => createEdge({ server, metrics: {} as never })).toThrow("metrics is an object: it must be");
  const channel = createChannel("127.0.0.1:1");
  const services = [ProbeServiceDefinition];
  expect(() => createEdge({ channel, services, healthPath: "/healthz" })).toThrow(
    "healthPath goes with a server",
  );
  channel.close();
});
