export { createClient, type Closable, type ServiceClient } from "./create-client.js";
export type { ClientCallOptions, ClientOptions, TlsOptions } from "./client-options.js";
export type {
  ClientRuntime,
  RuntimeChannel,
  RuntimeClientFactory,
  RuntimeCredentials,
} from "./client-runtime.js";
export { CallError, type CallErrorContext, type CallErrorInit } from "./errors/call-error.js";
export type { ErrorDetails } from "./errors/error-details.js";

export { bearerToken, type BearerTokenOptions, type TokenSource } from "./middleware/bearer-token.js";
export { callErrors } from "./middleware/call-errors.js";
export {
  deadline,
  type DeadlineCallOptions,
  type DeadlineContext,
  type DeadlineOptions,
} from "./middleware/deadline.js";
export { deadlineHeader, type DeadlineHeaderCallOptions } from "./middleware/deadline-header.js";
export { requestId, type RequestIdCallOptions } from "./middleware/request-id.js";
export { retry, type RetryCallOptions, type RetryOptions } from "./middleware/retry.js";

export { createUsersClient } from "./users/create-users-client.js";
export type { UsersClient } from "./users/users-client.js";
export type { Resume, WatchOptions } from "./users/watch.js";

// What the users client takes and gives, and what nice-grpc's types are needed for: one import serves.
export {
  Department,
  type ChatMessage,
  type CreateUserRequest,
  type DeleteUserRequest,
  type GetUserRequest,
  type ListUsersRequest,
  type ListUsersResponse,
  type UpdateUserRequest,
  type UploadError,
  type UploadSummary,
  type User,
  type UserEvent,
  type WatchRequest,
} from "@callwire/contracts/users";
export {
  Metadata,
  Status,
  type CallOptions,
  type ClientMiddleware,
  type ClientMiddlewareCall,
} from "nice-grpc-common";
