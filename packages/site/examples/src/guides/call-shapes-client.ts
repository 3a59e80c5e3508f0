import { createClient } from "@callwire/client-sdk";
import { DeliveryServiceDefinition } from "../gen/shop/v1/delivery_service.js";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** Makes a call of each shape. */
export async function callAll(address: string, log: (line: string) => void) {
  const stock = createClient(StockServiceDefinition, { address });
  const deliveries = createClient(DeliveryServiceDefinition, { address });

  // Unary: one request, one response.
  const { left } = await stock.reserve({ item: "lamp", count: 1 });
  log(`${left} left`);

  // Server streaming: an async iterable. Leaving the loop ends the call.
  for await (const { left } of stock.watchItem({ item: "lamp" })) {
    log(`${left} left`);
    break;
  }

  // Client streaming: any iterable is a source.
  const lines = [
    { item: "lamp", count: 5 },
    { item: "chair", count: 4 },
  ];
  const { count } = await deliveries.deliver(lines);
  log(`${count} came`);

  // Bidirectional: both at once. The source may be a generator that waits.
  async function* counted() {
    for (const item of ["lamp", "chair"]) yield { item, count: await countOnShelf(item) };
  }
  for await (const { item, expected } of deliveries.compare(counted())) log(`${item}: ${expected} expected`);

  stock.close();
  deliveries.close();
}

async function countOnShelf(item: string): Promise<number> {
  return item.length;
}
