import { EventEmitter, on } from "node:events";
import { createClient } from "@callwire/client-sdk";
import { createServer } from "@callwire/server-kit";
import { StockServiceDefinition } from "./gen/shop/v1/stock_service.js";

const changes = new EventEmitter();
let left = 3;

const server = createServer().add(StockServiceDefinition, {
  async reserve({ item, count }) {
    changes.emit(item, (left -= count));
    return { left };
  },
  async *watchItem({ item }, { signal }) {
    for await (const [left] of on(changes, item, { signal })) yield { left };
  },
});
const port = await server.listen("127.0.0.1:0");

const stock = createClient(StockServiceDefinition, { address: `127.0.0.1:${port}` });
console.log(await stock.reserve({ item: "lamp", count: 1 }, { timeoutMs: 2_000 }));

stock.close();
await server.shutdown();
