import { EventEmitter, on } from "node:events";
import { createServer, defaultMiddleware, type AuthOptions, type Logger } from "@callwire/server-kit";
import { failedPrecondition, invalidArgument, notFound } from "@callwire/server-kit";
import { StockServiceDefinition } from "./gen/shop/v1/stock_service.js";

/** A caller, as a token names it. */
export interface Caller {
  name: string;
}

/** A server of the stock. It does not listen yet. */
export function createStockServer(options: { logger: Logger; verify: AuthOptions<Caller>["verify"] }) {
  const stock = new Map([["lamp", 3]]);
  const changes = new EventEmitter().setMaxListeners(0);

  const stockOf = (item: string): number => {
    const left = stock.get(item);
    if (left === undefined) throw notFound({ resource: "shop.v1.Item", id: item });
    return left;
  };

  return createServer({ middleware: defaultMiddleware(options) }).add(StockServiceDefinition, {
    async reserve({ item, count }, { auth, log }) {
      if (count < 1)
        throw invalidArgument({ violations: [{ field: "count", description: "is less than 1" }] });
      const left = stockOf(item) - count;
      if (left < 0) {
        const description = `there are only ${left + count}`;
        throw failedPrecondition({ violations: [{ type: "STOCK", subject: item, description }] });
      }
      stock.set(item, left);
      changes.emit(item, left);
      log.info({ item, count, by: auth.name }, "reserved");
      return { left };
    },

    async *watchItem({ item }, { signal }) {
      const events = on(changes, item, { signal });
      yield { left: stockOf(item) };
      for await (const [left] of events) yield { left: left as number };
    },
  });
}
