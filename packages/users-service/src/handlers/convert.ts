import type {
  ChatMessage,
  CreateUserRequest,
  UpdateUserRequest,
  User as UserMessage,
  UserEvent as UserEventMessage,
} from "@callwire/contracts/users";
import { Department } from "@callwire/contracts/users";
import type { UserEvent } from "../domain/change-feed.js";
import type { ChatLine } from "../domain/chat-rooms.js";
import type { CreateRequest, UpdateRequest } from "../domain/directory.js";
import { etagOf, type User } from "../domain/user.js";

/** The stand-in that a heartbeat carries, so that a client may read `user` of every event. */
const system: UserMessage = {
  id: "",
  name: "system",
  email: "",
  age: 0,
  department: Department.UNKNOWN,
  roles: [],
  createdAt: undefined,
  updatedAt: undefined,
  etag: "",
};

/** Nothing of a message is the user's own: many callers share the user. */
export function toUserMessage(user: User): UserMessage {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    age: user.age,
    // The domain holds it to the numbers of the contract's enum.
    department: user.department as Department,
    roles: user.roles.slice(),
    createdAt: new Date(user.createdAt),
    updatedAt: new Date(user.updatedAt),
    etag: etagOf(user),
  };
}

/** The message itself, which has every field by the same name. */
export function fromCreateMessage(request: CreateUserRequest): CreateRequest {
  return request;
}

export function fromUpdateMessage({ user, updateMask }: UpdateUserRequest): UpdateRequest {
  const { id, name, email, age, department, roles, etag } = user ?? { ...system, name: "" };
  return { id, name, email, age, department, roles, etag, updateMask: updateMask ?? [] };
}

export function toEventMessage(event: UserEvent): UserEventMessage {
  return {
    eventType: event.type,
    user: event.type === "heartbeat" ? system : toUserMessage(event.user),
    resumeToken: event.resumeToken,
    eventTime: event.time,
  };
}

export function toChatMessage({ sender, content, room, id, sentAt }: ChatLine): ChatMessage {
  return { sender, content, room, id, sentAt };
}
