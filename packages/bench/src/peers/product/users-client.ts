import type { ChatMessage, CreateUserRequest, User } from "@callwire/contracts/users";
import type { ListRequest } from "../../client/job.js";
import type { EventFields } from "../../service/data.js";

/** Of the SDK's users client, what is used: the SDK may be of this version or of an older one. */
export interface UsersClient {
  getUser(request: { id: string }, options?: { signal: AbortSignal }): Promise<User>;
  createUser(request: CreateUserRequest): Promise<User>;
  updateUser(request: { user: User; updateMask: string[] }): Promise<User>;
  deleteUser(request: { id: string }): Promise<unknown>;
  listUsers(request: Partial<ListRequest>): Promise<{ users: User[]; totalCount: number }>;
  watchUsers(request: object, options: { heartbeats: boolean }): AsyncIterable<EventFields>;
  uploadUsers(
    rows: Iterable<CreateUserRequest> | AsyncIterable<CreateUserRequest>,
    options?: { timeoutMs?: number },
  ): Promise<{ created: number; failed: number }>;
  chat(messages: Iterable<Partial<ChatMessage>>): AsyncIterable<ChatMessage>;
}

/** gRPC's codes of the errors that are looked for. */
export const Code = { INVALID_ARGUMENT: 3, NOT_FOUND: 5, RESOURCE_EXHAUSTED: 8 } as const;

/** The code of a CallError; undefined for any other error. */
export function codeOf(error: unknown): number | undefined {
  return (error as { code?: number } | undefined)?.code;
}
