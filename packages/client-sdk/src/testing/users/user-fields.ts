import { Department, type CreateUserRequest, type User } from "@callwire/contracts/users";
import { InvalidFields, type Problems } from "./user-errors.js";

/** The fields that a client may set, which are also the paths of an update mask. */
export const USER_FIELDS = ["name", "email", "age", "department", "roles"] as const;
export type UserField = (typeof USER_FIELDS)[number];
export type UserFields = Pick<CreateUserRequest, UserField>;

/** The names of the departments, in the order of their numbers. */
export const DEPARTMENTS = Object.keys(Department).filter(
  (name) => !/^-?\d+$/.test(name) && name !== "UNRECOGNIZED",
);

/** Why a text is refused, by its length in code points; undefined if it is right. */
export function textProblem(text: string, min: 0 | 1, max: number): string | undefined {
  if (text === "" && min > 0) return "is required";
  if (Array.from(text).length > max) return `is longer than ${max} characters`;
  return /[\0\p{Surrogate}]/u.test(text) ? "has a NUL or half of a surrogate pair" : undefined;
}

/** Notes what is wrong with fields of a user. */
export function checkFields(
  problems: Problems,
  user: UserFields,
  { only = USER_FIELDS, prefix = "" }: { only?: readonly UserField[]; prefix?: string } = {},
): void {
  for (const field of only) problems.add(prefix + field, fieldProblem(user, field));
}

function fieldProblem(
  { name, email, age, department, roles }: UserFields,
  field: UserField,
): string | undefined {
  switch (field) {
    case "name":
      return textProblem(name, 1, 200) ?? (name.trim() === "" ? "is only white space" : undefined);
    case "email": {
      const isAddress = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email);
      return (
        textProblem(email, 1, 254) ?? (isAddress ? undefined : "is not an address of the form local@domain")
      );
    }
    case "age":
      return Number.isInteger(age) && age >= 0 && age <= 150 ? undefined : "is not between 0 and 150";
    case "department":
      return department in DEPARTMENTS ? undefined : "is not a number that the enum names";
    case "roles":
      return rolesProblem(roles);
  }
}

function rolesProblem(roles: readonly string[]): string | undefined {
  if (roles.length > 32) return "has more than 32 items";
  for (const [index, role] of roles.entries()) {
    const problem = role === "" ? "is empty" : textProblem(role, 1, 64);
    if (problem !== undefined) return `has an item (number ${index + 1}) that ${problem}`;
    if (roles.indexOf(role) < index) return `has the item ${JSON.stringify(role)} twice`;
  }
  return undefined;
}

/** The form of an email by which it is compared. */
export function emailKey(email: string): string {
  return email.toLowerCase().replaceAll("ς", "σ");
}

/** True if two users have the same fields. */
export function sameFields(a: UserFields, b: UserFields): boolean {
  return USER_FIELDS.every((field) => JSON.stringify(a[field]) === JSON.stringify(b[field]));
}

/**
 * The fields that an update changes (AIP-134).
 *
 * @throws {InvalidFields} on `update_mask`.
 */
export function maskedFields(mask: readonly string[], user: UserFields): readonly UserField[] {
  const unknown = mask.find((path) => path !== "*" && !USER_FIELDS.some((field) => field === path));
  if (unknown !== undefined) {
    const description = `names ${JSON.stringify(unknown)}, which is none of ${USER_FIELDS.join(", ")} and *`;
    throw new InvalidFields([{ field: "update_mask", description }]);
  }
  if (mask.length > 0) return USER_FIELDS.filter((field) => mask.includes("*") || mask.includes(field));
  return USER_FIELDS.filter((field) => {
    const value = user[field];
    return typeof value === "number" ? value !== 0 : value.length > 0;
  });
}

/** Fields by which users are compared, in filters and orders. */
export type KeyField = "id" | "name" | "email" | "age" | "department" | "created_at" | "updated_at";

/** The value by which a user is compared; a time is in milliseconds. */
export function keyOf(user: User, field: KeyField): string | number {
  switch (field) {
    case "email":
      return emailKey(user.email);
    case "created_at":
      return Number(user.createdAt);
    case "updated_at":
      return Number(user.updatedAt);
    default:
      return user[field];
  }
}

/** Orders two values of one field: text by its code points, whose order is that of their UTF-8. */
export function compareKeys(a: string | number, b: string | number): number {
  return typeof a === "number" ? a - Number(b) : Buffer.compare(Buffer.from(a), Buffer.from(String(b)));
}
