import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { createEdge } from "../create-edge.js";
import { serveEdge } from "../testing/serve-edge.js";
import { Hosts } from "./hosts.js";

test.each([
  ["localhost", true],
  ["LOCALHOST:50051", true],
  ["[::1]:50051", true],
  ["[::1]", true],
  ["127.0.0.1:80", true],
  ["127.0.0.1.evil.example", false],
  ["evil.example:50051", false],
  ["localhost:80:80", false],
  ["", false],
])("of localhost and its addresses, %j is one: %s", (authority, isOne) => {
  expect(new Hosts(["localhost", "127.0.0.1", "[::1]"]).has(authority)).toBe(isOne);
});

test("a page whose name was made to lead here calls nothing", async () => {
  await using served = await serveEdge({ options: { hosts: ["localhost"] } });
  const fetched = async (host: string, path: string) => {
    const response = await served.edge.fetch(new Request(`http://${host}${path}`));
    return [response.status, await response.json()];
  };
  expect(await fetched("localhost:1", "/v1/query?string_value=a")).toEqual([200, { stringValue: "a" }]);
  expect(await fetched("evil.example:1", "/v1/query?string_value=a")).toMatchObject([
    421,
    { error: { status: "PERMISSION_DENIED", details: [{ reason: "HOST_NOT_SERVED" }] } },
  ]);
  const socket = new WebSocket(`ws://127.0.0.1:${served.port}/v1/talk`, {
    origin: `http://127.0.0.1:${served.port}`,
  });
  socket.on("error", () => {});
  const [, refusal] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  expect(refusal.statusCode).toBe(421);
  socket.terminate();
  // Load balancers ask by any address.
  expect((await fetched("10.0.0.1:1", "/healthz"))[0]).toBe(200);
  expect(() => createEdge({ server: served.server, hosts: ["localhost:1"] })).toThrow(
    'createEdge: hosts: "localhost:1" is no host without a port',
  );
});
