/** Names of the departments; the index of each is its number in the contract. */
export const DEPARTMENTS = ["UNKNOWN", "ENGINEERING", "MARKETING", "SALES", "PRODUCT"] as const;

/** The fields of a user that a client may set. */
export interface UserFields {
  readonly name: string;
  /** As the client gave it; {@link emailKey} is what makes it unique. */
  readonly email: string;
  /** In whole years; 0 if not given. */
  readonly age: number;
  /** Index into {@link DEPARTMENTS}; 0 if not given. */
  readonly department: number;
  /** In the order given. */
  readonly roles: readonly string[];
}

/** The names of {@link UserFields}, which are also the paths of an update mask. */
export const USER_FIELDS = ["name", "email", "age", "department", "roles"] as const;

/** One of {@link USER_FIELDS}. */
export type UserField = (typeof USER_FIELDS)[number];

/** A person in the directory, in one state. Never changed: a change makes a new one. */
export interface User extends UserFields {
  readonly id: string;
  /** In whole milliseconds. */
  readonly createdAt: Date;
  /** In whole milliseconds; never goes backwards. */
  readonly updatedAt: Date;
  /** Counts the states of this user from 1. */
  readonly version: number;
  /** Place in the order of creation; never used again, not even for a user made after this one's deletion. */
  readonly sequence: number;
}

/**
 * Opaque mark of one state of a user (AIP-154). The time is in it so that a directory restored from a backup does not
 * give the mark of a lost state to another one.
 */
export function etagOf(user: User): string {
  return `${user.version.toString(36)}-${timeText(user.updatedAt.getTime())}`;
}

let lastTime = 0;
let lastTimeText = "0";

/** Users of one upload, which stand side by side in a list, have the same time. */
function timeText(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastTimeText = time.toString(36);
  }
  return lastTimeText;
}

/**
 * The form of an email by which it is compared: lower case for all of Unicode. The final sigma is made a common one,
 * because `toLowerCase` chooses between the two by what stands after it.
 */
export function emailKey(email: string): string {
  return email.toLowerCase().replaceAll("ς", "σ");
}

/** True if two users have the same {@link UserFields}. */
export function sameFields(a: UserFields, b: UserFields): boolean {
  return (
    a.name === b.name &&
    a.email === b.email &&
    a.age === b.age &&
    a.department === b.department &&
    a.roles.length === b.roles.length &&
    a.roles.every((role, index) => role === b.roles[index])
  );
}
