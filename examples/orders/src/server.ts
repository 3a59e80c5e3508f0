import { randomUUID } from "node:crypto";
import { EventEmitter, on } from "node:events";
import { createServer, defaultMiddleware, failedPrecondition, invalidArgument } from "@callwire/server-kit";
import { notFound, ServiceError, type Logger } from "@callwire/server-kit";
import { OrderServiceDefinition, OrderState, type Order } from "./gen/orders/v1/order_service.js";

/** Somebody who may call. */
export interface Caller {
  readonly name: string;
  readonly roles: readonly string[];
}

/** The parts of the server that are others in tests. */
export interface Parts {
  logger: Logger;
  /** Knows a caller by its token. */
  verify: (token: string) => Caller | undefined;
}

/** Makes the server; nothing listens yet. */
export function createOrdersServer({ logger, verify }: Parts) {
  const orders = new Map<string, Order>();
  const changes = new EventEmitter().setMaxListeners(0);

  const save = (order: Order): Order => {
    orders.set(order.id, order);
    changes.emit("order", order);
    return order;
  };
  const find = (id: string): Order => {
    const order = orders.get(id);
    if (order === undefined) throw notFound({ resource: "orders.v1.Order", id });
    return order;
  };
  const place = ({ item, count }: { item: string; count: number }, placedBy: string): Order => {
    const violations = [
      ...(item === "" ? [{ field: "item", description: "is required" }] : []),
      ...(count < 1 ? [{ field: "count", description: "is less than 1" }] : []),
    ];
    if (violations.length > 0) throw invalidArgument({ violations });
    return save({ id: randomUUID(), item, count, placedBy, state: OrderState.ORDER_STATE_PLACED });
  };

  const allow = {
    "orders.v1.OrderService/*": ["clerk", "manager"],
    "orders.v1.OrderService/CancelOrder": "manager",
  };
  const middleware = defaultMiddleware({ logger, verify, allow });
  return createServer({ logger, middleware }).add(OrderServiceDefinition, {
    placeOrder: (request, { auth }) => ({ order: place(request, auth.name) }),

    getOrder: ({ id }) => ({ order: find(id) }),

    cancelOrder({ id }, { auth, log }) {
      const order = find(id);
      if (order.state === OrderState.ORDER_STATE_CANCELLED) {
        const violations = [{ type: "STATE", subject: id, description: "is cancelled already" }];
        throw failedPrecondition({ violations });
      }
      log.info({ id, by: auth.name }, "cancelled");
      return { order: save({ ...order, state: OrderState.ORDER_STATE_CANCELLED }) };
    },

    async importOrders(requests, { auth }) {
      const summary = { placed: 0, refused: 0 };
      for await (const request of requests) {
        try {
          place(request, auth.name);
          summary.placed++;
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          summary.refused++;
        }
      }
      return summary;
    },

    async *watchOrders(_request, { signal, sendHeader }) {
      const events = on(changes, "order", { signal });
      // Tells the client that it watches.
      sendHeader();
      for await (const [order] of events) yield { order: order as Order };
    },
  });
}
