import { deepEqual, equal, rejects } from "node:assert/strict";
import { Status, type ServiceClient } from "@callwire/client-sdk";
import { createFakeServer } from "@callwire/client-sdk/testing";
import { notFound } from "@callwire/server-kit";
import { testService } from "@callwire/server-kit/testing";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** What is tested: the handlers of a service. */
function stockHandlers(stock: ReadonlyMap<string, number>) {
  return {
    async reserve({ item, count }: { item: string; count: number }) {
      const left = stock.get(item);
      if (left === undefined) throw notFound({ resource: "shop.v1.Item", id: item });
      return { left: left - count };
    },
    async *watchItem() {},
  };
}

export async function testHandlers() {
  const handlers = stockHandlers(new Map([["lamp", 3]]));
  await using shop = await testService(StockServiceDefinition, handlers);
  deepEqual(await shop.client.reserve({ item: "lamp", count: 1 }), { left: 2 });
  await rejects(shop.client.reserve({ item: "chair", count: 1 }), { code: Status.NOT_FOUND });
  equal(shop.calls.all.length, 2);
}

/** What is tested: code that calls the service. */
async function isInStock(stock: ServiceClient<typeof StockServiceDefinition>, item: string) {
  for await (const { left } of stock.watchItem({ item })) return left > 0;
  return false;
}

export async function testCaller() {
  await using fake = createFakeServer(StockServiceDefinition, {
    async *watchItem() {
      yield { left: 1 };
    },
  });
  fake.script("watchItem", { connectionLost: true }, { code: Status.UNAVAILABLE });
  equal(await isInStock(fake.client(), "lamp"), true);
  equal(fake.calls.of("watchItem").length, 3);
}
