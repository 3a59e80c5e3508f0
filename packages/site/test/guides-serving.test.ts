import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Status } from "@callwire/client-sdk";
import { HealthCheckResponse_ServingStatus } from "@callwire/contracts/grpc/health/v1";
import { createServer } from "@callwire/server-kit";
import { testCertificates } from "@callwire/testkit";
import { afterAll, expect, test } from "@jest/globals";
import { StockServiceDefinition } from "../examples/src/gen/shop/v1/stock_service.js";
import { guardedServer, halfOpenServer, renewingClient } from "../examples/src/guides/authentication.js";
import { describedServer, healthOf } from "../examples/src/guides/health-and-reflection.js";
import { loggingServer } from "../examples/src/guides/logging.js";
import { metricsText, observedClient, observedServer } from "../examples/src/guides/metrics-and-tracing.js";
import { serveUntilSignal } from "../examples/src/guides/stopping.js";
import { listenSecurely, secureClient } from "../examples/src/guides/tls.js";
import { clientOf, closing, ends, listen, stockOfThree } from "./running.js";

const folder = mkdtempSync(join(tmpdir(), "callwire-guides-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("authentication: tokens, roles, methods that are left out", async () => {
  const callers = new Map([
    ["t1", { subject: "till", roles: ["seller"] }],
    ["t2", { subject: "display", roles: ["display"] }],
  ]);
  const address = await listen(guardedServer(callers));
  const as = (token: string) =>
    closing(renewingClient(address, async () => ({ token, expiresMs: Date.now() + 60_000 })));
  expect(await as("t1").reserve({ item: "lamp", count: 1 })).toEqual({ left: 2 });
  const denied = as("t2").reserve({ item: "lamp", count: 1 });
  await expect(denied).rejects.toMatchObject({ code: Status.PERMISSION_DENIED });
  await expect(clientOf(address).reserve({})).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });

  const halfOpen = clientOf(await listen(halfOpenServer(callers).add(StockServiceDefinition, stockOfThree)));
  for await (const { left } of halfOpen.watchItem({})) expect(left).toBeLessThanOrEqual(3);
  await expect(halfOpen.reserve({})).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
});

test("authentication: a token is asked for again when it is old", async () => {
  const address = await listen(guardedServer(new Map([["t1", { subject: "till", roles: ["seller"] }]])));
  let asked = 0;
  const renewing = closing(
    renewingClient(address, async () => ({
      token: "t1",
      expiresMs: ++asked === 1 ? 0 : Date.now() + 60_000,
    })),
  );
  for (let call = 0; call < 4; call++) await renewing.reserve({ item: "lamp", count: 1 });
  expect(asked).toBe(2);
});

test("TLS: both sides show certificates", async () => {
  const { ca, server: ofServer, client, stranger } = await testCertificates();
  const files = {
    "server.pem": ofServer.cert,
    "server-key.pem": ofServer.key,
    "clients-ca.pem": ca,
    "servers-ca.pem": ca,
    "client.pem": client.cert,
    "client-key.pem": client.key,
  };
  const write = (all: Record<string, string>) => {
    for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  };
  write(files);
  const { server, port, credentials } = await listenSecurely(folder);
  ends.push(() => credentials.stopWatching());
  ends.push(() => server.forceShutdown());
  expect(await closing(secureClient(folder, port)).reserve({ item: "lamp", count: 1 })).toEqual({ left: 2 });
  write({ "client.pem": stranger.cert, "client-key.pem": stranger.key });
  const refused = closing(secureClient(folder, port)).reserve(
    { item: "lamp", count: 1 },
    { timeoutMs: 5_000 },
  );
  await expect(refused).rejects.toMatchObject({ origin: "connection" });
});

test("logging: lines of a call and lines of its own", async () => {
  const lines: string[] = [];
  const server = loggingServer({ write: (line) => lines.push(line) });
  const stock = clientOf(await listen(server));
  await stock.reserve({ item: "lamp", count: 1 }, { requestId: "r1" });
  await server.shutdown();
  const [own, ofCall] = lines.map((line) => JSON.parse(line) as object);
  expect(own).toMatchObject({ msg: "reserving", count: 1, token: "[redacted]" });
  expect(ofCall).toMatchObject({ msg: "finished call", "grpc.code": "OK", item: "lamp", level: 20 });

  const page = readFileSync(new URL("../../../docs/guides/logging.md", import.meta.url), "utf8");
  const rows = page.slice(page.indexOf("## Fields")).match(/^\| `[^|]*/gm) ?? [];
  const fields = rows.flatMap((row) => Array.from(row.matchAll(/`([^`]+)`/g), ([, name]) => name));
  expect(fields.length).toBeGreaterThan(8);
  // An error's text is in the line of a call that fails.
  expect(fields.filter((name) => !Object.hasOwn(ofCall!, name!))).toEqual(["grpc.error"]);
});

test("metrics and tracing: both sides are counted", async () => {
  const stock = closing(observedClient(await listen(observedServer())));
  await stock.reserve({ item: "lamp", count: 1 });
  const text = await metricsText();
  expect(text).toMatch(/grpc_server_handled_total\{.*grpc_method="Reserve".*\} 1/);
  expect(text).toMatch(/grpc_client_handled_total\{.*grpc_method="Reserve".*\} 1/);
});

test("health and reflection: health follows the store", async () => {
  const contract = join(folder, "contract.binpb");
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const buf = join(root, "node_modules/.bin/buf");
  const { status } = spawnSync(buf, ["build", "packages/site/examples/proto", "-o", contract], { cwd: root });
  expect(status).toBe(0);
  const { server, onStore } = describedServer(contract);
  const address = await listen(server);
  const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
  expect(await healthOf(address, "shop.v1.StockService")).toBe(SERVING);
  onStore(false);
  expect(await healthOf(address, "shop.v1.StockService")).toBe(NOT_SERVING);
  expect(await healthOf(address, "")).toBe(SERVING);
});

test("stopping: a signal ends it, and the store is closed last", async () => {
  const server = createServer().add(StockServiceDefinition, stockOfThree);
  const order: string[] = [];
  const shutdown = server.shutdown.bind(server);
  server.shutdown = async (options) => {
    order.push(`shutdown in ${options?.timeoutMs}`);
    return await shutdown(options);
  };
  let listening = () => {};
  const listens = new Promise<void>((resolve) => (listening = resolve));
  const listen = server.listen.bind(server);
  server.listen = async (address) => {
    const port = await listen(address);
    setImmediate(listening);
    return port;
  };
  const logger = { info: () => order.push("stopping"), warn: () => order.push("cut off") };
  const served = serveUntilSignal(
    server,
    "127.0.0.1:0",
    logger as never,
    async () => void order.push("closed"),
  );
  await listens;
  process.emit("SIGTERM", "SIGTERM");
  await served;
  expect(order).toEqual(["stopping", "shutdown in 20000", "closed"]);
});
