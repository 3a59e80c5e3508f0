import type {
  ChatMessage,
  CreateUserRequest,
  ListUsersRequest,
  UploadSummary,
  User,
  UserEvent,
  UserServiceDefinition,
  WatchRequest,
} from "@callwire/contracts/users";
import type { ClientCallOptions } from "../call-options.js";
import type { ServiceClient } from "../service-client.js";
import type { WatchOptions } from "./watch.js";

type Generic = Omit<
  ServiceClient<UserServiceDefinition>,
  "createUser" | "watchUsers" | "uploadUsers" | "chat"
>;

/**
 * A client of the users service: every method of the contract by its name, and `list`.
 *
 * A call that fails throws a CallError; a call whose `signal` is aborted throws that signal's reason.
 */
export interface UsersClient extends Generic {
  /**
   * Creates a user. `requestId` of the request is filled with a UUID if it is empty (AIP-155): the server then creates the
   * user once however often it is asked, and so the call is tried again after UNAVAILABLE.
   */
  createUser(request: Partial<CreateUserRequest>, options?: ClientCallOptions): Promise<User>;

  /**
   * All users that match, page after page, each fetched when the one before is used up (AIP-158). `pageSize` sets how many
   * one call fetches. The options, `timeoutMs` too, hold for each of these calls.
   */
  list(request?: Partial<ListUsersRequest>, options?: ClientCallOptions): AsyncIterable<User>;

  /**
   * Every change that matches, once and in order, for as long as it is read. A lost connection is resumed from the last
   * event, and nothing is missed or repeated. Give the last `resumeToken` of an earlier watch to go on after it.
   *
   * Throws what cannot be resumed, above all OUT_OF_RANGE if the token is older than the server's log: then list the users
   * again and watch from now on.
   */
  watchUsers(request?: Partial<WatchRequest>, options?: WatchOptions): AsyncIterable<UserEvent>;

  /**
   * Creates any number of users. Rows that cannot be created are in the summary, and stop no others. It is never tried again
   * by itself. To be able to send rows again after an error, give each a `requestId` that it keeps: a made-up one would be
   * another the next time, so none is filled in.
   *
   * `timeoutMs` holds for the whole upload.
   */
  uploadUsers(
    rows: Iterable<Partial<CreateUserRequest>> | AsyncIterable<Partial<CreateUserRequest>>,
    options?: ClientCallOptions,
  ): Promise<UploadSummary>;

  /**
   * Sends each of the messages, and yields every message of the rooms that it sends to, its own too. It ends after
   * `outgoing` does, with the last of its own. Nothing is sent before the first message is read.
   */
  chat(
    outgoing: Iterable<Partial<ChatMessage>> | AsyncIterable<Partial<ChatMessage>>,
    options?: ClientCallOptions,
  ): AsyncIterable<ChatMessage>;
}
