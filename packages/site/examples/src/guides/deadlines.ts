import { CallError, createClient, Status } from "@callwire/client-sdk";
import type { ServerCallContext, ServiceImplementation } from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

export function impatient(address: string) {
  const stock = createClient(StockServiceDefinition, {
    address,
    timeoutMs: 5_000,
    retry: { maxAttempts: 3, initialBackoffMs: 100 },
  });
  return stock;
}

/** The stock of an item, or undefined if the service takes too long. */
export async function reserveQuickly(stock: ReturnType<typeof impatient>, timeoutMs: number) {
  try {
    return await stock.reserve({ item: "lamp", count: 1 }, { timeoutMs });
  } catch (error) {
    if (error instanceof CallError && error.code === Status.DEADLINE_EXCEEDED) return undefined;
    throw error;
  }
}

/** Reserves with a key by which the service knows a repeat. */
export async function reserveOnce(stock: ReturnType<typeof impatient>) {
  return await stock.reserve({ item: "lamp", count: 1 }, { retry: true });
}

/** A handler that gives the time that is left to what it calls itself. */
export function forwarding(
  warehouse: ReturnType<typeof impatient>,
): ServiceImplementation<typeof StockServiceDefinition, ServerCallContext> {
  return {
    async reserve(request, { deadline, signal }) {
      return await warehouse.reserve(request, { signal, ...(deadline && { deadline }) });
    },
    async *watchItem(request, { signal }) {
      yield* warehouse.watchItem(request, { signal });
    },
  };
}
