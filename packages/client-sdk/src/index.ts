export type { ClientCallOptions } from "./call-options.js";
export { createClient } from "./create-client.js";
export type { ClientOptions, Middleware, TlsOptions } from "./client-options.js";
export type { Closable, ServiceClient } from "./service-client.js";
export type { ContractMismatch } from "./contract-mismatch.js";
export { CallError, type CallErrorContext, type CallErrorInit } from "./errors/call-error.js";
export type { ErrorDetails } from "./errors/error-details.js";

export { bearerToken, type BearerTokenOptions, type TokenSource } from "./middleware/bearer-token.js";
export { callErrors } from "./middleware/call-errors.js";
export { deadline, type DeadlineCallOptions, type DeadlineOptions } from "./middleware/deadline.js";
export { defaultMetadata, type DefaultMetadataOptions } from "./middleware/default-metadata.js";
export { requestId, type RequestIdCallOptions } from "./middleware/request-id.js";
export { retry, type RetryCallOptions, type RetryOptions } from "./middleware/retry.js";
export { resumable, type Resumable, type ResumableOptions } from "./resumable/resumable.js";
export type { Resume } from "./resumable/resumed-stream.js";
export { toNiceGrpc } from "./pipeline/to-nice-grpc.js";

// The seam that middleware and runtimes are written against, and what its types are needed for: one import serves.
export type {
  CallOptions,
  ClientCallContext,
  ClientPhases,
  FailureOrigin,
  RuntimeMethod,
} from "@callwire/transport/seam";
export type {
  ChannelOptions,
  ClientRuntime,
  RuntimeChannel,
  RuntimeCredentials,
} from "@callwire/transport/client";
export { Metadata, Status, type ClientMiddleware, type ClientMiddlewareCall } from "nice-grpc-common";
