import { EventEmitter, on } from "node:events";
import { createClient } from "@callwire/client-sdk";
import { createServer } from "@callwire/server-kit";
import { StockServiceDefinition } from "./gen/shop/v1/stock_service.js";

const changes = new EventEmitter();
let left = 3;
const stock = {
  take(item: string, count: number) {
    changes.emit(item, (left -= count));
    return left;
  },
  async *changes(item: string, signal: AbortSignal) {
    for await (const [left] of on(changes, item, { signal })) yield left as number;
  },
};

const server = createServer().add(StockServiceDefinition, {
  reserve: async ({ item, count }) => ({ left: stock.take(item, count) }),
  watchItem: async function* ({ item }, { signal }) {
    for await (const left of stock.changes(item, signal)) yield { left };
  },
});
const address = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;

const client = createClient(StockServiceDefinition, { address });
console.log(await client.reserve({ item: "lamp", count: 1 }, { timeoutMs: 2_000 }));

client.close();
await server.shutdown();
