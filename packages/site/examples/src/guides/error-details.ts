import { CallError, Status, type ServiceClient } from "@callwire/client-sdk";
import { invalidArgument, notFound, resourceExhausted } from "@callwire/server-kit";
import type { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

/** Checks a request, and names all that is wrong with it at once. */
export function checkReserve({ item, count }: { item: string; count: number }, known: ReadonlySet<string>) {
  const violations = [];
  if (item === "") violations.push({ field: "item", description: "must not be empty" });
  if (count < 1) violations.push({ field: "count", description: "must be at least 1" });
  if (violations.length > 0) throw invalidArgument({ violations });
  if (!known.has(item)) throw notFound({ resource: "shop.v1.Item", id: item, reason: "ITEM_UNKNOWN" });
}

/** Refuses for a while. */
export function tooBusy(cause: unknown) {
  return resourceExhausted({ message: "the till is busy", reason: "TILL_BUSY", retryAfterMs: 2_000, cause });
}

/** Reserves, and says in words what went wrong. */
export async function reserveInWords(
  stock: ServiceClient<typeof StockServiceDefinition>,
  request: { item: string; count: number },
): Promise<string> {
  try {
    const { left } = await stock.reserve(request);
    return `${left} left`;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    const { badRequest, errorInfo, retryInfo } = error.details;
    if (error.code === Status.INVALID_ARGUMENT) {
      const violations = badRequest?.fieldViolations ?? [];
      return violations.map(({ field, description }) => `${field} ${description}`).join(", ");
    }
    if (errorInfo?.reason === "ITEM_UNKNOWN") return "there is no such item";
    if (retryInfo?.retryDelay) return `try again in ${retryInfo.retryDelay.seconds} s`;
    throw error;
  }
}
