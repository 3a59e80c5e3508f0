import { createLogger, createServer, errorBoundary, levelOf, logging, requestId } from "@callwire/server-kit";
import { Status } from "nice-grpc-common";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** A server that writes a line for each call, and lines of its own. */
export function loggingServer(destination: { write(line: string): void }) {
  const logger = createLogger({ name: "stock", level: "debug", destination });
  return createServer({
    middleware: [
      requestId(),
      logging({ logger, level: (code) => (code === Status.OK ? "debug" : levelOf(code)) }),
      errorBoundary({ logger }),
    ],
  }).add(StockServiceDefinition, {
    async reserve({ item, count }, { log, addLogFields }) {
      addLogFields({ item });
      log.info({ count, token: "till-1" }, "reserving");
      return { left: 3 - count };
    },
    async *watchItem() {},
  });
}
