import { createClient } from "@callwire/client-sdk";
import type { ServiceImplementation } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** Watches until the signal aborts. */
export async function watchUntil(address: string, signal: AbortSignal, show: (left: number) => void) {
  await using stock = createClient(StockServiceDefinition, { address });
  try {
    for await (const { left } of stock.watchItem({ item: "lamp" }, { signal })) show(left);
  } catch (error) {
    if (error !== signal.reason) throw error;
  }
}

/** Handlers that stop their work when nobody waits for it any more. */
export function lookingAtSignal(
  search: (item: string, signal: AbortSignal) => Promise<number>,
): ServiceImplementation<typeof StockServiceDefinition> {
  return {
    async reserve({ item }, { signal }) {
      return { left: await search(item, signal) };
    },
    async *watchItem({ item }, { signal }) {
      while (!signal.aborted) yield { left: await search(item, signal) };
    },
  };
}
