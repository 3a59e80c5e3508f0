import { createClient } from "@callwire/client-sdk";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createServer } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** A server that describes its contract, and whose health follows its store. */
export function describedServer(contract: Uint8Array | string) {
  const server = createServer({ reflection: contract }).add(StockServiceDefinition, {
    async reserve({ count }) {
      return { left: 3 - count };
    },
    async *watchItem() {},
  });
  const onStore = (works: boolean) =>
    server.health.set("shop.v1.StockService", works ? "SERVING" : "NOT_SERVING");
  return { server, onStore };
}

/** The health of a service, as a probe asks for it. */
export async function healthOf(address: string, service: string) {
  await using health = createClient(HealthDefinition, { address, timeoutMs: 1_000 });
  const { status } = await health.check({ service });
  return status;
}
