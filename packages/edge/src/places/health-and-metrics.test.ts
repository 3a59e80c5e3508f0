import { expect, jest, test } from "@jest/globals";
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
