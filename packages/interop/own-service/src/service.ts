import { EventEmitter, on } from "node:events";
import {
  auth,
  createLogger,
  createServer,
  errorBoundary,
  failedPrecondition,
  invalidArgument,
  logging,
  notFound,
  requestId,
  stopOnSignals,
} from "@callwire/server-kit";
import { InventoryServiceDefinition } from "./gen/inventory/v1/inventory_service.js";

const stock = new Map([["lamp", 3]]);
const changes = new EventEmitter().setMaxListeners(0);

function stockOf(item: string): number {
  const left = stock.get(item);
  if (left === undefined) throw notFound({ resource: "inventory.v1.Item", id: item });
  return left;
}

const logger = createLogger({ name: "inventory" });
const server = createServer({
  middleware: [
    requestId(),
    logging({ logger }),
    errorBoundary({ logger }),
    auth({ verify: (token) => (token === process.env["INVENTORY_TOKEN"] ? { subject: "shop" } : undefined) }),
  ],
});

server.add(InventoryServiceDefinition, {
  async reserve({ item, count }, { auth, log }) {
    if (count < 1) throw invalidArgument({ violations: [{ field: "count", description: "is less than 1" }] });
    const left = stockOf(item) - count;
    if (left < 0) {
      const description = `there are only ${left + count}`;
      throw failedPrecondition({ violations: [{ type: "STOCK", subject: item, description }] });
    }
    stock.set(item, left);
    changes.emit(item, left);
    log.info({ item, count, by: auth.subject }, "reserved");
    return { left };
  },

  async *watchStock({ item }, { signal }) {
    const events = on(changes, item, { signal });
    yield { left: stockOf(item) };
    for await (const [left] of events) yield { left: left as number };
  },
});

const port = await server.listen("127.0.0.1:0");
logger.info({ port }, "listening");
await stopOnSignals(server);
