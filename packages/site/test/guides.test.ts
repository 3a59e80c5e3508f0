import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, Status } from "@callwire/client-sdk";
import { HealthCheckResponse_ServingStatus } from "@callwire/contracts/grpc/health/v1";
import { UserServiceDefinition } from "@callwire/contracts/users";
import {
  createLogger,
  createServer,
  defaultMiddleware,
  errorBoundary,
  unavailable,
  unimplemented,
  type ServiceImplementation,
} from "@callwire/server-kit";
import { testCertificates } from "@callwire/testkit";
import { afterAll, afterEach, expect, jest, test } from "@jest/globals";
import { DeliveryServiceDefinition } from "../examples/src/gen/shop/v1/delivery_service.js";
import { StockServiceDefinition } from "../examples/src/gen/shop/v1/stock_service.js";
import { guardedServer, halfOpenServer, renewingClient } from "../examples/src/guides/authentication.js";
import { callAll } from "../examples/src/guides/call-shapes-client.js";
import { deliveries } from "../examples/src/guides/call-shapes-server.js";
import { lookingAtSignal, watchUntil } from "../examples/src/guides/cancelling.js";
import { compressingServer, reserveCompressed } from "../examples/src/guides/compression.js";
import { movingServer, spreadingClient, watchfulClient } from "../examples/src/guides/connections.js";
import { forwarding, impatient, reserveOnce, reserveQuickly } from "../examples/src/guides/deadlines.js";
import { checkReserve, reserveInWords, tooBusy } from "../examples/src/guides/error-details.js";
import { describedServer, healthOf } from "../examples/src/guides/health-and-reflection.js";
import { loggingServer } from "../examples/src/guides/logging.js";
import { metricsText, observedClient, observedServer } from "../examples/src/guides/metrics-and-tracing.js";
import { followChanges } from "../examples/src/guides/resuming.js";
import { serveUntilSignal } from "../examples/src/guides/stopping.js";
import { listenSecurely, secureClient } from "../examples/src/guides/tls.js";

const folder = mkdtempSync(join(tmpdir(), "callwire-guides-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Stoppable {
  listen(address: string): Promise<number>;
  forceShutdown(): void;
}
async function listen(server: Stoppable): Promise<string> {
  ends.push(() => server.forceShutdown());
  return `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
}
function closing<C extends { close(): void }>(client: C): C {
  ends.push(() => client.close());
  return client;
}
const clientOf = (address: string) => closing(createClient(StockServiceDefinition, { address }));
const stockOfThree: ServiceImplementation<typeof StockServiceDefinition> = {
  reserve: async ({ count }) => ({ left: 3 - count }),
  async *watchItem() {
    yield { left: 3 };
    yield { left: 2 };
  },
};

test("landing: it runs", async () => {
  const lines: unknown[] = [];
  using _log = jest.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  await import("../examples/src/landing.js");
  expect(lines).toEqual([{ left: 2 }]);
});

test("call shapes: each one is called", async () => {
  const stock = new Map([["lamp", 3]]);
  const server = createServer().add(StockServiceDefinition, stockOfThree);
  const lines: string[] = [];
  await callAll(await listen(server.add(DeliveryServiceDefinition, deliveries(stock))), (line) =>
    lines.push(line),
  );
  expect(lines).toEqual(["2 left", "3 left", "9 came", "lamp: 8 expected", "chair: 4 expected"]);
});

test("deadlines: they reach the server and what it calls, and a repeat is asked for", async () => {
  const deadlines: (Date | undefined)[] = [];
  let calls = 0;
  const warehouse = createServer().add(StockServiceDefinition, {
    ...stockOfThree,
    async reserve({ count }, { deadline, signal }) {
      deadlines.push(deadline);
      calls++;
      if (count > 1) return { left: 0 };
      if (calls === 1) await once(signal, "abort");
      return { left: 1 };
    },
  });
  const toWarehouse = closing(impatient(await listen(warehouse)));
  const middleware = defaultMiddleware({ logger: createLogger({ level: "silent" }) });
  const front = createServer({ middleware }).add(StockServiceDefinition, forwarding(toWarehouse));
  const stock = closing(impatient(await listen(front)));
  expect(await reserveQuickly(stock, 100)).toBeUndefined();
  expect(await reserveQuickly(stock, 4_000)).toEqual({ left: 1 });
  expect(await reserveOnce(stock)).toEqual({ left: 1 });
  const [first, second] = deadlines as [Date, Date];
  // It is the one of the outermost call: what the warehouse's client has by itself would be a second more.
  expect(second.getTime() - first.getTime()).toBeGreaterThan(3_000);
  expect(second.getTime() - Date.now()).toBeLessThan(4_000);
});

test("cancelling: it ends the watch, and the server's work", async () => {
  const stopped = jest.fn();
  const server = createServer().add(
    StockServiceDefinition,
    lookingAtSignal(async (_item, signal) => {
      signal.addEventListener("abort", stopped);
      return 3;
    }),
  );
  const controller = new AbortController();
  await watchUntil(await listen(server), controller.signal, () => controller.abort(new Error("enough")));
  await server.shutdown();
  expect(stopped).toHaveBeenCalled();
});

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

test("errors: details reach the caller", async () => {
  const logger = createLogger({ level: "silent" });
  const server = createServer({ middleware: [errorBoundary({ logger })] }).add(StockServiceDefinition, {
    ...stockOfThree,
    async reserve(request) {
      checkReserve(request, new Set(["lamp", "busy"]));
      if (request.item === "busy") throw tooBusy(new Error("the cause"));
      return { left: 2 };
    },
  });
  const stock = clientOf(await listen(server));
  expect(await reserveInWords(stock, { item: "lamp", count: 1 })).toBe("2 left");
  const both = "item must not be empty, count must be at least 1";
  expect(await reserveInWords(stock, { item: "", count: 0 })).toBe(both);
  expect(await reserveInWords(stock, { item: "chair", count: 1 })).toBe("there is no such item");
  expect(await reserveInWords(stock, { item: "busy", count: 1 })).toBe("try again in 2 s");
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

test("connections: calls are spread, and options are taken", async () => {
  const seen: number[] = [];
  const addresses = [];
  for (const index of [0, 1]) {
    const server = movingServer().add(StockServiceDefinition, {
      ...stockOfThree,
      async reserve() {
        seen.push(index);
        return { left: 0 };
      },
    });
    addresses.push(await listen(server));
  }
  const spreading = closing(spreadingClient(addresses));
  while (new Set(seen).size < 2) await spreading.reserve({});
  expect(await closing(watchfulClient(addresses[0]!)).reserve({})).toEqual({ left: 0 });
});

test("resuming: after a lost connection, and from a position that was kept", async () => {
  const asked: string[] = [];
  const unused = async () => {
    throw unimplemented();
  };
  const server = createServer().add(UserServiceDefinition, {
    async *watchUsers({ resumeToken }) {
      asked.push(resumeToken);
      yield {
        eventType: resumeToken === "7" ? "created" : "deleted",
        resumeToken: `${Number(resumeToken) + 1}`,
      };
      if (resumeToken === "7") throw unavailable();
    },
    getUser: unused,
    createUser: unused,
    updateUser: unused,
    deleteUser: unused,
    listUsers: unused,
    uploadUsers: unused,
    async *chat() {},
  });
  const address = await listen(server);
  using _warn = jest.spyOn(console, "warn").mockImplementation(() => {});
  let kept = "7";
  const seen: string[] = [];
  const position = { load: () => kept, save: (token: string) => void (kept = token) };
  await followChanges(address, position, ({ eventType }) => seen.push(eventType));
  expect({ seen, kept, asked }).toEqual({ seen: ["created", "deleted"], kept: "9", asked: ["7", "8"] });
});

test("compression: requests and responses", async () => {
  const address = await listen(compressingServer());
  const item = "x".repeat(5_000);
  expect(await reserveCompressed(address, item)).toEqual({ left: 5_000 });
  for await (const { left } of clientOf(address).watchItem({ item })) expect(left).toBe(5_000);
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
