import { createClient, type ServiceClient } from "@callwire/client-sdk";
import { createServer, notFound, type ServiceImplementation } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** The stock for a test: a server on a free port, and a client of it. Disposing of it ends both. */
export async function startStock(
  handlers: Partial<ServiceImplementation<typeof StockServiceDefinition>> = {},
) {
  const server = createServer().add(StockServiceDefinition, {
    async reserve({ item }) {
      throw notFound({ resource: "shop.v1.Item", id: item });
    },
    async *watchItem() {},
    ...handlers,
  });
  const port = await server.listen("127.0.0.1:0");
  const stock: ServiceClient<typeof StockServiceDefinition> = createClient(StockServiceDefinition, {
    address: `127.0.0.1:${port}`,
  });
  return {
    stock,
    async [Symbol.asyncDispose]() {
      stock.close();
      await server.shutdown({ timeoutMs: 0 });
    },
  };
}
