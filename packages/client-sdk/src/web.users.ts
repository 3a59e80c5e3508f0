// The entry point @callwire/client-sdk/web/users: a client of the users service for browsers, and all that its callers need.
export { connect } from "./web/connect.js";
export { createUsersClient } from "./web/create-users-client.js";
export { grpcWeb } from "./web/grpc-web.js";
export type { WebProtocol } from "./web/web-protocol.js";
export type { ByteReader, FetchInit, FetchResponse, WebClientOptions } from "./web/web-options.js";
export type { UsersClient } from "./users/users-client.js";
export type { Resume } from "./resumable/resumed-stream.js";
export type { WatchOptions } from "./users/watch.js";
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

export type { ClientCallOptions } from "./call-options.js";
export { CallError } from "./errors/call-error.js";
export type { ErrorDetails } from "./errors/error-details.js";
export type { TokenSource } from "./middleware/bearer-token.js";
export { Metadata, Status } from "nice-grpc-common";
