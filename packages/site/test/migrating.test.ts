import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import * as afterConnect from "../examples/src/migrating/connect-es-after.js";
import * as beforeConnect from "../examples/src/migrating/connect-es-before.js";
import * as afterGrpcJs from "../examples/src/migrating/grpc-js-after.js";
import * as beforeGrpcJs from "../examples/src/migrating/grpc-js-before.js";
import { clientOverGrpcJs, serverOverGrpcJs } from "../examples/src/migrating/grpc-js-runtime.js";
import * as afterNiceGrpc from "../examples/src/migrating/nice-grpc-after.js";
import * as beforeNiceGrpc from "../examples/src/migrating/nice-grpc-before.js";
import * as importedNiceGrpc from "../examples/src/migrating/nice-grpc-import.js";
import { StockServiceDefinition } from "../examples/src/gen/shop/v1/stock_service.js";
import { ends, listen } from "./running.js";

const niceGrpc = { before: beforeNiceGrpc, imported: importedNiceGrpc, after: afterNiceGrpc };
const names = ["before", "imported", "after"] as const;

// One side can move before the other one does.
test.each(names.flatMap((server) => names.map((client) => [server, client] as const)))(
  "nice-grpc: the server %s and the client %s",
  async (server, client) => {
    const address = await listen(niceGrpc[server].stockServer());
    expect(await niceGrpc[client].reserve(address, "lamp")).toBe(2);
    await expect(niceGrpc[client].reserve(address, "chair")).rejects.toThrow("NOT_FOUND");
  },
);

test("grpc-js: before", async () => {
  const address = await new Promise<string>((resolve, reject) => {
    const server = beforeGrpcJs.stockServer("127.0.0.1:0", (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
    ends.push(() => server.forceShutdown());
  });
  const before = beforeGrpcJs.stockClient(address);
  ends.push(() => before.close());
  const reserveBefore = (item: string) =>
    new Promise<number | undefined>((resolve, reject) =>
      beforeGrpcJs.reserve(before, item, (error, left) => (error ? reject(error) : resolve(left))),
    );
  expect(await reserveBefore("lamp")).toBe(2);
  await expect(reserveBefore("chair")).rejects.toThrow("NOT_FOUND");
  const seen: number[] = [];
  await new Promise<void>((resolve, reject) =>
    beforeGrpcJs.watch(
      before,
      (left) => seen.push(left),
      (error) => (error ? reject(error) : resolve()),
    ),
  );
  expect(seen).toEqual([3]);

  const after = afterGrpcJs.stockClient(address);
  ends.push(() => after.close());
  expect(await afterGrpcJs.reserve(after, "lamp")).toBe(2);
});

test("grpc-js: after, over either runtime", async () => {
  const seen: number[] = [];
  const address = await listen(afterGrpcJs.stockServer());
  const after = afterGrpcJs.stockClient(address);
  ends.push(() => after.close());
  expect(await afterGrpcJs.reserve(after, "lamp")).toBe(2);
  await expect(afterGrpcJs.reserve(after, "chair")).rejects.toThrow("NOT_FOUND");
  await afterGrpcJs.watch(after, (left) => seen.push(left));
  expect(seen).toEqual([3]);

  const over = serverOverGrpcJs().add(StockServiceDefinition, {
    reserve: async () => ({ left: 7 }),
    async *watchItem() {},
  });
  const client = clientOverGrpcJs(await listen(over));
  ends.push(() => client.close());
  expect(await client.reserve({ item: "lamp", count: 1 })).toEqual({ left: 7 });
});

test("connect-es: each side, before and after", async () => {
  const http2 = beforeConnect.stockServer().listen(0, "127.0.0.1");
  http2.on("session", (session) => ends.push(() => session.destroy()));
  ends.push(() => void http2.close());
  await once(http2, "listening");
  const before = `127.0.0.1:${(http2.address() as AddressInfo).port}`;
  const after = await listen(afterConnect.stockServer());
  for (const address of [before, after]) {
    for (const { reserve } of [beforeConnect, afterConnect]) {
      expect(await reserve(address, "lamp")).toBe(2);
      expect(await reserve(address, "chair")).toBe(0);
    }
  }
});
