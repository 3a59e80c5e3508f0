import assert from "node:assert/strict";
import { test } from "node:test";
import { testServer } from "@callwire/server-kit/testing";
import { StockServiceDefinition } from "./gen/shop/v1/stock_service.js";
import { createStockServer } from "./service.js";

const principals = { till: { name: "till" } };

test("the last lamp is sold once", async () => {
  await using shop = await testServer(createStockServer, { principals });
  const stock = shop.client(StockServiceDefinition, { as: "till" });
  assert.deepEqual(await stock.reserve({ item: "lamp", count: 3 }), { left: 0 });
  await assert.rejects(stock.reserve({ item: "lamp", count: 1 }), /FAILED_PRECONDITION: there are only 0/);
  assert.equal(shop.calls.all.length, 2);
});
