import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { UserServiceDefinition } from "@callwire/contracts/users";
import {
  createLogger,
  createServer,
  defaultMiddleware,
  errorBoundary,
  notFound,
  unavailable,
  unimplemented,
} from "@callwire/server-kit";
import { expect, jest, test } from "@jest/globals";
import { DeliveryServiceDefinition } from "../examples/src/gen/shop/v1/delivery_service.js";
import { StockServiceDefinition } from "../examples/src/gen/shop/v1/stock_service.js";
import { edgeForPages, reserve, stockOfPage, watch } from "../examples/src/guides/browsers.js";
import { callAll } from "../examples/src/guides/call-shapes-client.js";
import { deliveries } from "../examples/src/guides/call-shapes-server.js";
import { lookingAtSignal, watchUntil } from "../examples/src/guides/cancelling.js";
import { compressingServer, reserveCompressed } from "../examples/src/guides/compression.js";
import { movingServer, spreadingClient, watchfulClient } from "../examples/src/guides/connections.js";
import { forwarding, impatient, reserveOnce, reserveQuickly } from "../examples/src/guides/deadlines.js";
import { checkReserve, reserveInWords, tooBusy } from "../examples/src/guides/error-details.js";
import { followChanges } from "../examples/src/guides/resuming.js";
import { clientOf, closing, ends, listen, stockOfThree } from "./running.js";

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
  // Long enough for the call to get to the warehouse, on a busy machine too.
  expect(await reserveQuickly(stock, 1_000)).toBeUndefined();
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

test("browsers: a page's client calls the edge", async () => {
  const logger = createLogger({ level: "silent" });
  const server = createServer({ middleware: [errorBoundary({ logger })] }).add(StockServiceDefinition, {
    ...stockOfThree,
    async reserve({ item }, { metadata }) {
      if (item !== "lamp") throw notFound({ resource: "item", id: item });
      return { left: Number(metadata.get("authorization")?.slice(-1)) };
    },
  });
  const http = createHttpServer(edgeForPages(server).handler).listen(0, "127.0.0.1");
  ends.push(() => http.close());
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const stock = closing(stockOfPage(`http://127.0.0.1:${port}`, async () => "t2"));
  const lines: unknown[] = [];
  await reserve(stock, "lamp", (line) => lines.push(line));
  await reserve(stock, "chair", (line) => lines.push(line));
  await watch(stock, "lamp", (left) => lines.push(left) < 3);
  expect(lines).toEqual(["2 left", "there is no chair", 3]);
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

  const compressed: boolean[] = [];
  const looking = createServer().add(StockServiceDefinition, {
    ...stockOfThree,
    async reserve(request, context) {
      compressed.push(context.wasCompressed(request));
      return { left: 0 };
    },
  });
  const there = await listen(looking);
  await reserveCompressed(there, item);
  await clientOf(there).reserve({ item });
  expect(compressed).toEqual([true, false]);
});
