import { matchesFilter, type Filter } from "../domain/filter.js";
import type { Order, OrderItem } from "../domain/order-by.js";
import type { ListQuery } from "../domain/user-store.js";
import type { User } from "../domain/user.js";

/** The ways to find a page of users. */
export type ListPlan =
  /** The filter names an id or an email: at most one user is looked at. */
  | { readonly type: "point" }
  /** An index has the order: no more users are looked at than the page holds. */
  | {
      readonly type: "walk";
      /** Undefined is the order of creation alone. */
      readonly item: OrderItem | undefined;
      /** Undefined is all departments. */
      readonly department: number | undefined;
    }
  /** All users are looked at. */
  | { readonly type: "scan" };

/** Says how to find a page; `departments` are those that have users. */
export function planList({ filter, order }: ListQuery, departments: Iterable<number>): ListPlan {
  if (filter !== undefined && namesOneUser(filter)) {
    return { type: "point" };
  }
  const [item, ...others] = distinguishing(order);
  if (others.length > 0) {
    return { type: "scan" };
  }
  if (filter === undefined) {
    return { type: "walk", item, department: undefined };
  }
  const [department, ...more] = matchingDepartments(filter, departments) ?? [];
  return department !== undefined && more.length === 0 && item?.field === "created_at"
    ? { type: "walk", item, department }
    : { type: "scan" };
}

/** The departments, of those given, whose users match; undefined if that depends on more than the department. */
export function matchingDepartments(filter: Filter, departments: Iterable<number>): number[] | undefined {
  return asksForDepartmentOnly(filter)
    ? [...departments].filter((department) => matchesFilter(filter, { department } as User))
    : undefined;
}

function asksForDepartmentOnly(filter: Filter): boolean {
  switch (filter.type) {
    case "and":
    case "or":
      return filter.terms.every(asksForDepartmentOnly);
    case "not":
      return asksForDepartmentOnly(filter.term);
    case "compare":
      return filter.field === "department";
    case "match":
    case "has-role":
      return false;
  }
}

function namesOneUser(filter: Filter): boolean {
  switch (filter.type) {
    case "and":
      return filter.terms.some(namesOneUser);
    case "compare":
      return filter.comparator === "=" && (filter.field === "id" || filter.field === "email");
    default:
      return false;
  }
}

/** The items of an order that make a difference: no two users have the same email. */
function distinguishing(order: Order): Order {
  const email = order.findIndex(({ field }) => field === "email");
  return email < 0 ? order : order.slice(0, email + 1);
}
