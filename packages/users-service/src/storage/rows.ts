import type { Change, ChangeType, DoneRequest } from "../domain/user-store.js";
import { emailKey, type User } from "../domain/user.js";
import type { SqlValue } from "./list-sql.js";

/** The columns of a user, in the order of {@link userToValues}. */
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

/** A row of `users`. */
export interface UserRow {
  sequence: number;
  id: string;
  name: string;
  email: string;
  age: number;
  department: number;
  roles: string;
  created_at: number;
  updated_at: number;
  version: number;
}

/** A row of `changes`. */
export interface ChangeRow {
  position: number;
  type: ChangeType;
  user: string;
  previous_department: number;
  time: number;
}

/** A row of `requests`. */
export interface RequestRow {
  request_id: string;
  user: string;
  time: number;
}

export function userToValues(user: Omit<User, "sequence">): SqlValue[] {
  return [
    user.id,
    user.name,
    user.email,
    emailKey(user.email),
    user.age,
    user.department,
    JSON.stringify(user.roles),
    user.createdAt.getTime(),
    user.updatedAt.getTime(),
    user.version,
  ];
}

/** Field by field, because libsql adds one of its own to some rows. */
export function rowToUser(row: UserRow): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    age: row.age,
    department: row.department,
    roles: JSON.parse(row.roles) as string[],
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    version: row.version,
    sequence: row.sequence,
  };
}

/** A user in one column, for what keeps a state of it that is no longer in `users`. */
export function userToText(user: User): string {
  return JSON.stringify({
    ...user,
    createdAt: user.createdAt.getTime(),
    updatedAt: user.updatedAt.getTime(),
  });
}

function textToUser(text: string): User {
  const user = JSON.parse(text) as Omit<User, "createdAt" | "updatedAt"> & {
    createdAt: number;
    updatedAt: number;
  };
  return { ...user, createdAt: new Date(user.createdAt), updatedAt: new Date(user.updatedAt) };
}

export function rowToChange(row: ChangeRow): Change {
  return {
    position: row.position,
    type: row.type,
    user: textToUser(row.user),
    previousDepartment: row.previous_department,
    time: new Date(row.time),
  };
}

export function rowToRequest(row: RequestRow): DoneRequest {
  return { requestId: row.request_id, user: textToUser(row.user), time: new Date(row.time) };
}
