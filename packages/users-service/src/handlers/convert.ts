import type {
  ChatMessage,
  CreateUserRequest,
  UpdateUserRequest,
  User as UserMessage,
  UserEvent as UserEventMessage,
} from "@callwire/contracts/users";
import { Department } from "@callwire/contracts/users";
import { shareEncoding } from "@callwire/transport";
import type { UserEvent } from "../domain/change-feed.js";
import type { ChatLine } from "../domain/chat-rooms.js";
import type { CreateRequest, UpdateRequest } from "../domain/directory.js";
import { etagOf, type User } from "../domain/user.js";
import { keepEncoding } from "./list-encoding.js";

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

/** The message of a user that was asked for, or listed, once or more. */
class AskedFor {
  /** True if it is encoded once for all: by itself, and as a part of pages. */
  isShared = false;
  isKept = false;

  constructor(readonly message: UserMessage) {}
}

/** Each goes with its user, when the store keeps that in memory no longer. */
const askedFor = new WeakMap<User, AskedFor>();

/**
 * One message for all who ask for a user, which cannot be changed. It is encoded once, from the second time on: most users of a
 * large directory are asked for once, and are not worth the bytes.
 */
export function toSharedUserMessage(user: User): UserMessage {
  const asked = askedFor.get(user);
  if (asked === undefined) {
    return askFor(user);
  }
  if (!asked.isShared) {
    asked.isShared = true;
    shareEncoding(asked.message);
  }
  return asked.message;
}

/** The same message, on a page of a list: what is kept of its encoding is another one, without a prefix. Its JSON is kept too. */
export function toListedUserMessage(user: User): UserMessage {
  const asked = askedFor.get(user);
  if (asked === undefined) {
    return askFor(user);
  }
  if (!asked.isKept) {
    asked.isKept = true;
    keepEncoding(asked.message);
    shareEncoding(asked.message);
  }
  return asked.message;
}

function askFor(user: User): UserMessage {
  const message = toUserMessage(user);
  Object.freeze(message.roles);
  askedFor.set(user, new AskedFor(Object.freeze(message)));
  return message;
}

/** The message itself, which has every field by the same name. */
export function fromCreateMessage(request: CreateUserRequest): CreateRequest {
  return request;
}

export function fromUpdateMessage({ user, updateMask }: UpdateUserRequest): UpdateRequest {
  const { id, name, email, age, department, roles, etag } = user ?? { ...system, name: "" };
  return { id, name, email, age, department, roles, etag, updateMask: updateMask ?? [] };
}

/** One message for all watchers, encoded once. */
export function toEventMessage(event: UserEvent): UserEventMessage {
  return shareEncoding({
    eventType: event.type,
    user: event.type === "heartbeat" ? system : toUserMessage(event.user),
    resumeToken: event.resumeToken,
    eventTime: event.time,
  });
}

export function toChatMessage({ sender, content, room, id, sentAt }: ChatLine): ChatMessage {
  return { sender, content, room, id, sentAt };
}
