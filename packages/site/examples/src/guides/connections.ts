import { createClient } from "@callwire/client-sdk";
import { createServer } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** Spreads its calls over several servers. */
export function spreadingClient(addresses: readonly string[]) {
  return createClient(StockServiceDefinition, { addresses, balancing: "round_robin" });
}

/** Looks at idle connections too, for networks that forget them early. */
export function watchfulClient(address: string) {
  return createClient(StockServiceDefinition, {
    address,
    channelOptions: {
      "grpc.keepalive_time_ms": 60_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.keepalive_permit_without_calls": 1,
    },
  });
}

/** Allows such clients, and moves connections on, so that a balancer can spread them anew. */
export function movingServer() {
  return createServer({
    limits: { minPingIntervalMs: 30_000, maxConnectionAgeMs: 600_000, maxConnectionAgeGraceMs: 30_000 },
  });
}
