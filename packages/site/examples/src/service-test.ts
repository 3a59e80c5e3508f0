import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient, Status } from "@callwire/client-sdk";
import { StockServiceDefinition } from "./gen/shop/v1/stock_service.js";
import { createStockServer, logger } from "./service.js";

logger.level = "silent";

test("the last lamp is sold once", async () => {
  const server = createStockServer("token");
  const port = await server.listen("127.0.0.1:0");
  const stock = createClient(StockServiceDefinition, { address: `127.0.0.1:${port}`, token: "token" });
  try {
    assert.deepEqual(await stock.reserve({ item: "lamp", count: 3 }), { left: 0 });
    await assert.rejects(stock.reserve({ item: "lamp", count: 1 }), { code: Status.FAILED_PRECONDITION });
  } finally {
    stock.close();
    await server.shutdown();
  }
});
