import { emailKey, type User } from "./user.js";

/** Fields by which users are compared, in filters and orders, named as in the contract. */
export type KeyField = "id" | "name" | "email" | "age" | "department" | "created_at" | "updated_at";

/** Value of a {@link KeyField}: text, or a number (of a time: milliseconds since 1970). */
export type Key = string | number;

/** The value by which a user is compared. */
export function keyOf(user: User, field: KeyField): Key {
  switch (field) {
    case "email":
      return emailKey(user.email);
    case "created_at":
      return user.createdAt.getTime();
    case "updated_at":
      return user.updatedAt.getTime();
    case "id":
    case "name":
    case "age":
    case "department":
      return user[field];
  }
}

/** Orders two values of one field: numbers by value, text by its code points. */
export function compareKeys(a: Key, b: Key): number {
  return typeof a === "string" ? compareText(a, String(b)) : a - Number(b);
}

/**
 * Orders text by code points, as SQLite orders UTF-8. JavaScript's own `<` orders by UTF-16 units, in which the
 * surrogates of the characters above U+FFFF come before U+E000.
 */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) {
      return surrogatesLast(x) - surrogatesLast(y);
    }
  }
  return a.length - b.length;
}

function surrogatesLast(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
