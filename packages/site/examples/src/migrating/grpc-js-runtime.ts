import { createClient } from "@callwire/client-sdk";
import { niceGrpc as clientRuntime } from "@callwire/client-sdk/nice-grpc";
import { createServer } from "@callwire/server-kit";
import { niceGrpc as serverRuntime } from "@callwire/server-kit/nice-grpc";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** The kit, with grpc-js below it. */
export function serverOverGrpcJs() {
  return createServer({ runtime: serverRuntime });
}

/** The SDK, with grpc-js below it. */
export function clientOverGrpcJs(address: string) {
  return createClient(StockServiceDefinition, { address, runtime: clientRuntime });
}
