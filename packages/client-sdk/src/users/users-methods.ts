import type { ListUsersRequest, UserServiceDefinition, WatchRequest } from "@callwire/contracts/users";
import { checkOptions, rules, type RulesOf } from "@callwire/transport/seam";
import { orderedUuid } from "../internal/ordered-uuid.js";
import { Watches } from "../resumable/watches.js";
import type { ServiceClient } from "../service-client.js";
import { list } from "./list.js";
import type { UsersClient } from "./users-client.js";
import { type WatchOptions, watchUsers } from "./watch.js";

/** A time of the watch's: what is out of range ends it with INVALID_ARGUMENT, as every call. */
const anyTime = rules.rule("a number of milliseconds", (value) => typeof value === "number");
const watchRules: RulesOf<WatchOptions> = {
  compressMessage: rules.callable,
  compression: rules.oneOf("identity", "gzip"),
  deadline: rules.rule(
    "a Date, or milliseconds since the epoch",
    (value) => value instanceof Date || typeof value === "number",
  ),
  heartbeats: rules.boolean,
  metadata: rules.metadata,
  onHeader: rules.callable,
  onResume: rules.callable,
  onTrailer: rules.callable,
  requestId: rules.text,
  signal: rules.rule("an AbortSignal", (value) => value instanceof AbortSignal),
  stallTimeoutMs: anyTime,
  timeoutMs: anyTime,
  waitForReady: rules.boolean,
};

/** Makes the users client of a client of its service. */
export function usersClientOf(client: ServiceClient<UserServiceDefinition>): UsersClient {
  const watches = new Watches();
  const close = () => {
    // Before their connections, or they would take the loss for one to resume from.
    watches.close();
    client.close();
  };
  return {
    getUser: client.getUser,
    updateUser: client.updateUser,
    deleteUser: client.deleteUser,
    listUsers: client.listUsers,
    createUser: (request, callOptions) =>
      client.createUser(
        request.requestId ? request : { ...request, requestId: orderedUuid() },
        callOptions?.retry === undefined ? { ...callOptions, retry: true } : callOptions,
      ),
    list: (request: Partial<ListUsersRequest> = {}, callOptions) =>
      list(client.listUsers, request, callOptions),
    watchUsers: (request: Partial<WatchRequest> = {}, watchOptions: WatchOptions = {}) => {
      checkOptions("watchUsers", watchOptions, watchRules);
      return watchUsers(client.watchUsers, watches, request, watchOptions);
    },
    uploadUsers: (rows, callOptions) => client.uploadUsers(asIterable(rows), callOptions),
    chat: (outgoing, callOptions) => client.chat(asIterable(outgoing), callOptions),
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
}

async function* asAsync<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

/** An AsyncIterable as it is, so that ending it reaches the caller's own iterator. */
function asIterable<T>(items: Iterable<T> | AsyncIterable<T>): AsyncIterable<T> {
  return Symbol.asyncIterator in items ? items : asAsync(items);
}
