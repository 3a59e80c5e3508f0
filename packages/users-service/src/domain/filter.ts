import { compareKeys, keyOf, type Key, type KeyField } from "./user-keys.js";
import type { User } from "./user.js";

/** The ways to compare two values. */
export type Comparator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** Fields that hold text. */
export type TextField = "id" | "name" | "email";

/** Which users are meant, as read by `parseFilter`. Its depth is bounded: see `MAX_FILTER_DEPTH`. */
export type Filter =
  | { readonly type: "and" | "or"; readonly terms: readonly Filter[] }
  | { readonly type: "not"; readonly term: Filter }
  | {
      readonly type: "compare";
      readonly field: KeyField;
      readonly comparator: Comparator;
      readonly value: Key;
    }
  /** The text of the field begins with, ends with or has somewhere in it the given one, which may be empty. */
  | { readonly type: "match"; readonly field: TextField; readonly where: MatchPlace; readonly text: string }
  /** The user has this role; undefined is any role at all. */
  | { readonly type: "has-role"; readonly role: string | undefined };

/** Where in a field a text must stand. */
export type MatchPlace = "start" | "end" | "inside";

/** True if a user is meant by a filter. Stores that filter in another language must agree with this. */
export function matchesFilter(filter: Filter, user: User): boolean {
  switch (filter.type) {
    case "and":
      return filter.terms.every((term) => matchesFilter(term, user));
    case "or":
      return filter.terms.some((term) => matchesFilter(term, user));
    case "not":
      return !matchesFilter(filter.term, user);
    case "compare":
      return holds(filter.comparator, compareKeys(keyOf(user, filter.field), filter.value));
    case "match":
      return isAt(filter.where, String(keyOf(user, filter.field)), filter.text);
    case "has-role":
      return filter.role === undefined ? user.roles.length > 0 : user.roles.includes(filter.role);
  }
}

function holds(comparator: Comparator, difference: number): boolean {
  switch (comparator) {
    case "=":
      return difference === 0;
    case "!=":
      return difference !== 0;
    case "<":
      return difference < 0;
    case "<=":
      return difference <= 0;
    case ">":
      return difference > 0;
    case ">=":
      return difference >= 0;
  }
}

function isAt(place: MatchPlace, text: string, part: string): boolean {
  switch (place) {
    case "start":
      return text.startsWith(part);
    case "end":
      return text.endsWith(part);
    case "inside":
      return text.includes(part);
  }
}
