import { createClient, type ServiceClient } from "@callwire/client-sdk";
import { createServer, notFound } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

type StockClient = ServiceClient<typeof StockServiceDefinition>;

export function stockServer() {
  return createServer().add(StockServiceDefinition, {
    async reserve({ item, count }) {
      if (item !== "lamp") throw notFound({ resource: "shop.v1.Item", id: item });
      return { left: 3 - count };
    },
    async *watchItem() {
      yield { left: 3 };
    },
  });
}

export function stockClient(address: string): StockClient {
  return createClient(StockServiceDefinition, { address, token: "till-1", timeoutMs: 2_000 });
}

export async function reserve(stock: StockClient, item: string): Promise<number> {
  const { left } = await stock.reserve({ item, count: 1 });
  return left;
}

export async function watch(stock: StockClient, each: (left: number) => void): Promise<void> {
  for await (const { left } of stock.watchItem({ item: "lamp" })) each(left);
}
