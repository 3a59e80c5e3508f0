import { InvalidFields } from "./errors.js";
import { USER_FIELDS, type UserField, type UserFields } from "./user.js";

/**
 * Reads an update mask (AIP-134): the fields that its paths name; all for `*`; for no paths, those that are set in `user`,
 * which is to say not zero or empty.
 * @throws {InvalidFields} on `update_mask`.
 */
export function parseUpdateMask(paths: readonly string[], user: UserFields): readonly UserField[] {
  const unknown = paths.find((path) => path !== "*" && !USER_FIELDS.some((field) => field === path));
  if (unknown !== undefined) {
    const reason = `names ${JSON.stringify(unknown.slice(0, 50))}, which is none of ${USER_FIELDS.join(", ")} and *`;
    throw new InvalidFields([{ field: "update_mask", reason }]);
  }
  if (paths.length === 0) {
    return USER_FIELDS.filter((field) => isSet(user[field]));
  }
  return USER_FIELDS.filter((field) => paths.includes("*") || paths.includes(field));
}

/** The new values of the fields that an update changes. */
export function changedFields(fields: readonly UserField[], { ...values }: UserFields): Partial<UserFields> {
  return Object.fromEntries(fields.map((field) => [field, values[field]]));
}

function isSet(value: string | number | readonly string[]): boolean {
  return typeof value === "number" ? value !== 0 : value.length > 0;
}
