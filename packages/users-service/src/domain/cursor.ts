import type { Order } from "./order-by.js";
import { compareKeys, keyOf, type Key } from "./user-keys.js";
import type { User } from "./user.js";

/** The place right after one user in an {@link Order}: the values of that user. */
export interface Cursor {
  /** One for each item of the order. */
  readonly keys: readonly Key[];
  readonly sequence: number;
}

/** The place right after a user. */
export function cursorOf(user: User, order: Order): Cursor {
  return { keys: order.map(({ field }) => keyOf(user, field)), sequence: user.sequence };
}

/** Below 0 if the first place comes before the second. Stores that order in another language must agree with this. */
export function compareCursors(order: Order, a: Cursor, b: Cursor): number {
  for (const [index, { descending }] of order.entries()) {
    const difference = compareKeys(a.keys[index] ?? 0, b.keys[index] ?? 0);
    if (difference !== 0) {
      return descending ? -difference : difference;
    }
  }
  return a.sequence - b.sequence;
}
