import type {
  CreateUserRequest,
  ListUsersRequest,
  UserServiceDefinition,
  WatchRequest,
} from "@callwire/contracts/users";
import { checkOptions, checkValue, rules, type RulesOf } from "@callwire/transport/seam";
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
        withRequestId(request),
        // What has no options goes on as it is: the call says so.
        rules.someOptions.accepts(callOptions ?? {}) && callOptions?.retry === undefined
          ? { ...callOptions, retry: true }
          : callOptions,
      ),
    list: (request: Partial<ListUsersRequest> = {}, callOptions) => {
      checkValue("list", "the request", request, rules.anyObject);
      return list(client.listUsers, request, callOptions);
    },
    watchUsers: (request: Partial<WatchRequest> = {}, watchOptions: WatchOptions = {}) => {
      checkValue("watchUsers", "the request", request, rules.anyObject);
      checkOptions("watchUsers", watchOptions, watchRules);
      return watchUsers(client.watchUsers, watches, request, watchOptions);
    },
    uploadUsers: client.uploadUsers,
    chat: client.chat,
    close,
    [Symbol.asyncDispose]: async () => close(),
  };
}

/** A request with an id. What is no request goes on as it is: the call says so. */
function withRequestId(request: Partial<CreateUserRequest>): Partial<CreateUserRequest> {
  if (!rules.anyObject.accepts(request) || request.requestId) return request;
  return { ...request, requestId: orderedUuid() };
}
