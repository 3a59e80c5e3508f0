import { createClient } from "@callwire/client-sdk";
import { createLogger, createServer, errorBoundary, requestId } from "@callwire/server-kit";
import { openTelemetryClientMiddleware, openTelemetryServerMiddleware } from "nice-grpc-opentelemetry";
import { prometheusClientMiddleware, prometheusServerMiddleware, registry } from "nice-grpc-prometheus";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** A server whose calls are counted and traced. */
export function observedServer() {
  const logger = createLogger({ name: "stock", level: "silent" });
  return createServer({
    middleware: [
      prometheusServerMiddleware(),
      openTelemetryServerMiddleware(),
      requestId(),
      errorBoundary({ logger }),
    ],
  }).add(StockServiceDefinition, {
    async reserve({ count }) {
      return { left: 3 - count };
    },
    async *watchItem() {
      yield { left: 3 };
    },
  });
}

/** A client whose calls are counted and traced. */
export function observedClient(address: string) {
  return createClient(StockServiceDefinition, {
    address,
    middleware: [prometheusClientMiddleware(), openTelemetryClientMiddleware()],
  });
}

/** The text for Prometheus to read, for `GET /metrics` of a server of node:http. */
export async function metricsText(): Promise<string> {
  return await registry.metrics();
}
