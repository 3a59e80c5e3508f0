import { InvalidFields } from "./errors.js";
import type { KeyField } from "./user-keys.js";

/** Fields by which a list can be ordered. */
const ORDER_FIELDS = [
  "name",
  "email",
  "age",
  "department",
  "created_at",
  "updated_at",
] as const satisfies KeyField[];

/** One field of an order. */
export interface OrderItem {
  readonly field: KeyField;
  readonly descending: boolean;
}

/**
 * The order of a list: by the first item, where that leaves users equal by the second, and so on; what all leave equal
 * comes in the order of creation. Text is ordered by its code points, an email in lower case, a department by its
 * number.
 */
export type Order = readonly OrderItem[];

/**
 * Reads `order_by` (AIP-132): fields parted by commas, each with an optional ` desc`; empty is by `created_at`.
 * @throws {InvalidFields} on `order_by`.
 */
export function parseOrderBy(text: string): Order {
  if (text.trim() === "") {
    return [{ field: "created_at", descending: false }];
  }
  // One more than there can be is enough to fail on, however long the text.
  const items = text.split(",", ORDER_FIELDS.length + 1).map(parseItem);
  const twice = items.find(({ field }, index) => items.findIndex((item) => item.field === field) < index);
  if (twice !== undefined) {
    throw invalid(`names ${twice.field} twice`);
  }
  return items;
}

function parseItem(text: string): OrderItem {
  const [name, direction, ...rest] = text.trim().split(/\s+/u, 3);
  const field = ORDER_FIELDS.find((known) => known === name);
  if (field === undefined) {
    throw invalid(`names ${JSON.stringify(name?.slice(0, 50))}, which is none of ${ORDER_FIELDS.join(", ")}`);
  }
  if (rest.length > 0 || (direction !== undefined && direction !== "desc")) {
    throw invalid(`has something other than \`desc\` after ${field}`);
  }
  return { field, descending: direction === "desc" };
}

function invalid(reason: string): InvalidFields {
  return new InvalidFields([{ field: "order_by", reason }]);
}
