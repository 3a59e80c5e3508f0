import type { User } from "@callwire/contracts/users";
import { compareKeys, keyOf, type KeyField } from "./user-fields.js";
import { InvalidFields } from "./user-errors.js";

const ORDER_FIELDS = ["name", "email", "age", "department", "created_at", "updated_at"];

/** Compares two users; 0 if the order leaves them equal. */
export type UserOrder = (a: User, b: User) => number;

/**
 * Reads `order_by` (AIP-132); empty is by `created_at`.
 *
 * @throws {InvalidFields} on `order_by`.
 */
export function parseOrder(text: string): UserOrder {
  const invalid = (description: string) => new InvalidFields([{ field: "order_by", description }]);
  const items = (text.trim() === "" ? "created_at" : text).split(",").map((item) => {
    const [name = "", direction, ...rest] = item.trim().split(/\s+/u);
    if (!ORDER_FIELDS.includes(name)) {
      throw invalid(`names ${JSON.stringify(name)}, which is none of ${ORDER_FIELDS.join(", ")}`);
    }
    if (rest.length > 0 || (direction !== undefined && direction !== "desc")) {
      throw invalid(`has something other than \`desc\` after ${name}`);
    }
    return { field: name as KeyField, sign: direction === "desc" ? -1 : 1 };
  });
  const twice = items.find(({ field }, index) => items.findIndex((item) => item.field === field) < index);
  if (twice !== undefined) throw invalid(`names ${twice.field} twice`);
  return (a, b) => {
    for (const { field, sign } of items) {
      const difference = compareKeys(keyOf(a, field), keyOf(b, field));
      if (difference !== 0) return sign * difference;
    }
    return 0;
  };
}
