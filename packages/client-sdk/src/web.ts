// The entry point @callwire/client-sdk/web: a client of any service for browsers and other runtimes with `fetch`.
export { connect } from "./web/connect.js";
export { createClient } from "./web/create-client.js";
export { grpcWeb } from "./web/grpc-web.js";
export type { WebProtocol } from "./web/web-protocol.js";
export type { ByteReader, FetchInit, FetchResponse, WebClientOptions } from "./web/web-options.js";
export type { ClientCallOptions } from "./call-options.js";
export type { Closable, ServiceClient } from "./service-client.js";
export { CallError, type CallErrorContext, type CallErrorInit } from "./errors/call-error.js";
export type { ErrorDetails } from "./errors/error-details.js";
export type { TokenSource } from "./middleware/bearer-token.js";
export type { RetryOptions } from "./middleware/retry.js";
export { resumable, type Resumable, type ResumableOptions } from "./resumable/resumable.js";
export type { Resume } from "./resumable/resumed-stream.js";
export type { CallOptions, ClientCallContext, ClientPhases, FailureOrigin } from "@callwire/transport/seam";
export { Metadata, Status } from "nice-grpc-common";
