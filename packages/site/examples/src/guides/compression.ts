import { createClient } from "@callwire/client-sdk";
import { createServer } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** Compresses responses for clients that take it, but for one method. */
export function compressingServer() {
  return createServer({ limits: { compressResponses: true } }).add(StockServiceDefinition, {
    async reserve({ item }, context) {
      context.compressResponses(false);
      return { left: item.length };
    },
    async *watchItem({ item }) {
      yield { left: item.length };
    },
  });
}

/** Compresses its requests by gzip. */
export async function reserveCompressed(address: string, item: string) {
  await using stock = createClient(StockServiceDefinition, { address });
  return await stock.reserve({ item, count: 1 }, { compression: "gzip" });
}
