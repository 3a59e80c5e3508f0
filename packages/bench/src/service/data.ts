import { Department, type CreateUserRequest, type User, type UserEvent } from "@callwire/contracts/users";

/** The number of users that the directory has; go/users/data.go makes the same ones. */
export const USER_COUNT = 1000;

/** Of every kind of peer, the fields of a user that answers are checked by. */
export interface UserFields {
  id: string;
  name: string;
  email: string;
  age: number;
  roles: readonly string[];
}

/** Of every kind of peer, the fields of an event that are checked. */
export interface EventFields {
  eventType: string;
  user?: UserFields | undefined;
  resumeToken: string;
}

/** Of every kind of peer, the fields of a chat message. */
export interface ChatFields {
  sender: string;
  content: string;
}

/** The request of every peer's client to create a user. */
export type NewUser = CreateUserRequest;

export function userId(index: number): string {
  return `5f3c9d1e-7a2b-4c8d-9e0f-${String(index).padStart(12, "0")}`;
}

const DEPARTMENTS = [Department.ENGINEERING, Department.MARKETING, Department.SALES, Department.PRODUCT];

/** One user of the directory: 107 bytes as protobuf, while its index has one digit. */
export function userAt(index: number): User {
  return {
    id: userId(index),
    name: `Alice Example ${index}`,
    email: `alice${index}@example.com`,
    age: 30 + (index % 40),
    // The same for all that every peer serves; of more users, each department has its share.
    department: index < USER_COUNT ? Department.ENGINEERING : DEPARTMENTS[index % DEPARTMENTS.length]!,
    roles: ["admin", "editor"],
    createdAt: new Date(1_700_000_000_000 + index),
    updatedAt: undefined,
    etag: "",
  };
}

/** One user to create, about as large as a user of the directory. */
export function newUserAt(index: number): NewUser {
  const { name, email, age, department, roles } = userAt(index);
  return { name, email, age, department, roles, requestId: userId(index) };
}

/** One event of the directory's past; its token is its index. */
export function eventAt(index: number): UserEvent {
  return {
    eventType: "updated",
    user: userAt(index),
    resumeToken: String(index),
    eventTime: new Date(1_700_000_000_000 + index),
  };
}

/** The first users, that answers are checked by: making one for each check would take as long as many a call. */
const checked: User[] = [];

/** Throws if an answer is not this user. */
export function checkUser(user: UserFields, index: number): void {
  const expected = index < USER_COUNT ? (checked[index] ??= userAt(index)) : userAt(index);
  const same =
    user.id === expected.id &&
    user.name === expected.name &&
    user.email === expected.email &&
    user.age === expected.age &&
    user.roles.length === 2;
  if (!same) throw new Error(`wrong answer for user ${index}: ${JSON.stringify(user)}`);
}

/** Bytes to send, which are not all the same. */
export function blob(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let index = 0; index < size; index++) bytes[index] = index * 31;
  return bytes;
}
