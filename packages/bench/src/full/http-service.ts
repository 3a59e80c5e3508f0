import type { NewUser } from "../service/data.js";
import type { OpenUsers, StoredEvent, StoredUser } from "./service.js";

/** The HTTP status of each of the domain's errors. */
const STATUS: Record<string, number> = { "user-not-found": 404, "email-taken": 409, "invalid-fields": 400 };

/** The answer of a REST API: a user as JSON. */
export interface UserBody {
  id: string;
  name: string;
  email: string;
  age: number;
  department: StoredUser["department"];
  roles: readonly string[];
  createdAt: Date;
  updatedAt: Date;
  etag: string;
}

export function userBody({ etagOf }: OpenUsers, user: StoredUser): UserBody {
  const { id, name, email, age, department, roles, createdAt, updatedAt } = user;
  return { id, name, email, age, department, roles, createdAt, updatedAt, etag: etagOf(user) };
}

const lines = new WeakMap<StoredEvent, string>();

/** An event of a watch as a line of JSON, made once for all who watch. */
export function eventLine(users: OpenUsers, event: StoredEvent): string {
  const known = lines.get(event);
  if (known !== undefined) return known;
  const { type, user, resumeToken, time } = event;
  const body = { eventType: type, user: user && userBody(users, user), resumeToken, eventTime: time };
  const line = `${JSON.stringify(body)}\n`;
  lines.set(event, line);
  return line;
}

/** The body of a request. */
export interface CreateBody {
  name: string;
  email: string;
  age?: number | undefined;
  department?: NewUser["department"] | undefined;
  roles?: string[] | undefined;
}

/** A repeat under the same key is safe, as the product's `request_id` makes it. */
export function createUser(
  { directory }: OpenUsers,
  { name, email, age = 0, department = 0, roles = [] }: CreateBody,
  idempotencyKey: string | undefined,
): StoredUser | Promise<StoredUser> {
  return directory.create({ name, email, age, department, roles, requestId: idempotencyKey ?? "" });
}

export async function pageBody(
  users: OpenUsers,
  pageSize: number,
  pageToken: string,
): Promise<{ users: UserBody[]; nextPageToken: string; totalCount: number }> {
  const page = await users.directory.list({ pageSize, pageToken, filter: "", orderBy: "" });
  return { ...page, users: page.users.map((user) => userBody(users, user)) };
}

/** The status and the message of an error that goes out; what nobody made on purpose stays inside. */
export function errorAnswer(users: OpenUsers, error: unknown): { status: number; message: string } {
  const kind = users.kindOf(error);
  if (kind === undefined || !(error instanceof Error)) return { status: 500, message: "internal error" };
  return { status: STATUS[kind] ?? 400, message: error.message };
}

/** The token of an `authorization` header (RFC 6750, section 2.1). */
export function bearerToken(header: string | null | undefined): string {
  return /^Bearer +(\S+)$/i.exec(header ?? "")?.[1] ?? "";
}
