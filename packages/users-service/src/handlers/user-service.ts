import type { ChatMessage, UserEvent, UserServiceDefinition } from "@callwire/contracts/users";
import type { ServiceImplementation } from "@callwire/server-kit";
import type { ChatParticipant, ChatRooms } from "../domain/chat-rooms.js";
import type { Directory } from "../domain/directory.js";
import {
  fromCreateMessage,
  fromUpdateMessage,
  toChatMessage,
  toListedUserMessage,
  toSharedUserMessage,
  toUserMessage,
} from "./convert.js";
import { uploadRows } from "./upload.js";

/** The parts that the handlers of the users service work on. */
export interface UserServiceParts {
  /** Its watchers get messages. */
  directory: Directory<UserEvent>;
  chat: ChatRooms;
}

/** The handlers of users.UserService: they turn messages into what the domain knows, and back. */
export function userService({
  directory,
  chat,
}: UserServiceParts): ServiceImplementation<UserServiceDefinition> {
  return {
    // Not an async function: a user in the cache is there at once.
    getUser({ id }) {
      return toSharedUserMessage(directory.get(id));
    },

    async createUser(request) {
      return toUserMessage(await directory.create(fromCreateMessage(request)));
    },

    async updateUser(request) {
      return toUserMessage(await directory.update(fromUpdateMessage(request)));
    },

    async deleteUser(request) {
      return toUserMessage(await directory.delete(request));
    },

    async listUsers(request, context) {
      const { users, nextPageToken, totalCount } = await directory.list(request, context);
      return { users: users.map(toListedUserMessage), nextPageToken, totalCount };
    },

    watchUsers(request, context) {
      return directory.watch(request, context);
    },

    uploadUsers(requests) {
      return uploadRows(requests, (rows) => directory.createMany(rows.map(fromCreateMessage)));
    },

    async *chat(requests, context) {
      const participant = chat.join(context.signal);
      // Whoever only listens learns by the header that it has joined.
      context.sendHeader();
      void listenTo(requests, participant);
      for await (const line of participant.lines()) yield toChatMessage(line);
    },
  };
}

/** Passes on what a client sends until it finishes; a message out of its limits, or a broken stream, ends the call. */
async function listenTo(messages: AsyncIterable<ChatMessage>, participant: ChatParticipant): Promise<void> {
  try {
    for await (const message of messages) {
      participant.send(message);
      await participant.ready();
    }
    participant.finish();
  } catch (error) {
    participant.fail(error);
  }
}
