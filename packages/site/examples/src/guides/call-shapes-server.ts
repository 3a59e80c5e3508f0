import type { ServiceImplementation } from "@callwire/server-kit";
import type { DeliveryServiceDefinition } from "../gen/shop/v1/delivery_service.js";

/** The handlers of calls that stream their requests. */
export function deliveries(stock: Map<string, number>): ServiceImplementation<DeliveryServiceDefinition> {
  return {
    async deliver(lines) {
      const total = { lines: 0, count: 0 };
      for await (const { item, count } of lines) {
        stock.set(item, (stock.get(item) ?? 0) + count);
        total.lines++;
        total.count += count;
      }
      return total;
    },

    async *compare(lines) {
      for await (const { item } of lines) yield { item, expected: stock.get(item) ?? 0 };
    },
  };
}
