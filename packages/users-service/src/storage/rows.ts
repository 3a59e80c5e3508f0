import type { Change, ChangeType, DoneRequest } from "../domain/user-store.js";
import { emailKey, type User } from "../domain/user.js";
import type { SqlValue } from "./list-sql.js";

// Rows come as arrays, and several of them as one JSON text: through the driver each value costs a call, and a text of a
// hundred users costs less than half of what their values do.

/** The columns of a user that are written, in the order of {@link userToValues}. */
export const USER_COLUMNS = [
  "id",
  "name",
  "email",
  "email_key",
  "age",
  "department",
  "roles",
  "created_at",
  "updated_at",
  "version",
];

/** The columns that are read, in the order of a {@link UserRow}. */
export const READ_COLUMNS =
  "sequence, id, name, email, age, department, roles, created_at, updated_at, version";

/** A user's columns, in that order. */
type Columns<Roles> = [
  sequence: number,
  id: string,
  name: string,
  email: string,
  age: number,
  department: number,
  roles: Roles,
  createdAt: number,
  updatedAt: number,
  version: number,
];

/** A row of `users`, as {@link READ_COLUMNS} reads it. */
export type UserRow = Columns<string>;

/** A row of `changes`. */
export type ChangeRow = [
  position: number,
  type: ChangeType,
  user: string,
  previousDepartment: number,
  time: number,
];

/** A row of `requests`. */
export type RequestRow = [requestId: string, user: string, time: number];

export function userToValues(user: Omit<User, "sequence">): SqlValue[] {
  const { roles } = user;
  return [
    user.id,
    user.name,
    user.email,
    emailKey(user.email),
    user.age,
    user.department,
    roles.length === 0 ? "[]" : JSON.stringify(roles),
    user.createdAt.getTime(),
    user.updatedAt.getTime(),
    user.version,
  ];
}

const NO_ROLES: readonly string[] = Object.freeze([]);

export function rowToUser(row: UserRow): User {
  const [sequence, id, name, email, age, department, roles, createdAt, updatedAt, version] = row;
  return {
    id,
    name,
    email,
    age,
    department,
    roles: roles === "[]" ? NO_ROLES : (JSON.parse(roles) as string[]),
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    version,
    sequence,
  };
}

/** Reads what `json_group_array(json_array(${READ_COLUMNS}))` makes. */
export function textToUsers(text: string): User[] {
  return (JSON.parse(text) as UserRow[]).map(rowToUser);
}

/**
 * A user in one column, for what keeps a state of it that is no longer in `users`: as {@link READ_COLUMNS} reads it, but with a list of
 * roles. The names of the fields would be a third of the log.
 */
type KeptUser = Columns<readonly string[]>;

export function userToText(user: User): string {
  const { sequence, id, name, email, age, department, roles, version } = user;
  const createdAt = user.createdAt.getTime();
  const updatedAt = user.updatedAt.getTime();
  const kept: KeptUser = [sequence, id, name, email, age, department, roles, createdAt, updatedAt, version];
  return JSON.stringify(kept);
}

function textToUser(text: string): User {
  const kept = JSON.parse(text) as KeptUser;
  const [sequence, id, name, email, age, department, roles, createdAt, updatedAt, version] = kept;
  return {
    id,
    name,
    email,
    age,
    department,
    roles,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    version,
    sequence,
  };
}

export function rowToChange([position, type, user, previousDepartment, time]: ChangeRow): Change {
  return { position, type, user: textToUser(user), previousDepartment, time: new Date(time) };
}

export function rowToRequest([requestId, user, time]: RequestRow): DoneRequest {
  return { requestId, user: textToUser(user), time: new Date(time) };
}
