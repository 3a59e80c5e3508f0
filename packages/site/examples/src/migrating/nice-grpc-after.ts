import { createClient } from "@callwire/client-sdk";
import { auth, createLogger, createServer, errorBoundary, logging, notFound } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

export function stockServer() {
  const logger = createLogger({ name: "stock", level: "silent" });
  return createServer({
    middleware: [
      logging({ logger }),
      errorBoundary({ logger }),
      auth({ verify: (token) => token === "till-1" && { subject: "till" } }),
    ],
  }).add(StockServiceDefinition, {
    async reserve({ item, count }) {
      if (item !== "lamp") throw notFound({ resource: "shop.v1.Item", id: item });
      return { left: 3 - count };
    },
    async *watchItem() {
      yield { left: 3 };
    },
  });
}

export async function reserve(address: string, item: string): Promise<number> {
  await using stock = createClient(StockServiceDefinition, {
    address,
    token: "till-1",
    timeoutMs: 2_000,
    retry: { maxAttempts: 4 },
  });
  const { left } = await stock.reserve({ item, count: 1 }, { retry: true });
  return left;
}
