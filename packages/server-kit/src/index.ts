export {
  createServer,
  DEFAULT_SHUTDOWN_TIMEOUT_MS,
  type CallwireServer,
  type ServerOptions,
  type ShutdownOptions,
  type ShutdownReport,
} from "./create-server.js";
export { defaultServerLimits } from "./limits.js";
export type {
  ServerCallContext,
  ServerLimits,
  ServerPhases,
  ServerRuntime,
  ServiceImplementation,
} from "@callwire/transport/server";
export type {
  AnyMiddleware,
  KitContext,
  Middleware,
  PhaseContext,
  SelectedServerMiddleware,
} from "./middleware.js";
export {
  defaultMiddleware,
  type DefaultMiddleware,
  type DefaultMiddlewareOptions,
  type DefaultMiddlewareWithAuth,
  type DefaultMiddlewareWithAuthOptions,
  type DefaultMiddlewareWithRoles,
  type DefaultMiddlewareWithRolesOptions,
} from "./default-middleware.js";
export type { ContextAfter } from "./middleware-order.js";
export { toNiceGrpc } from "./to-nice-grpc.js";
export { runServer, type OptionalTlsFiles, type RunServerOptions } from "./run-server.js";
export { stopOnSignals, type Stoppable, type StopOnSignalsOptions } from "./stop-on-signals.js";
export {
  TlsCredentials,
  tlsCredentials,
  type TlsFiles,
  type TlsLogger,
  type TlsOptions,
} from "./tls-credentials.js";
export { createLogger, secretFields, type CreateLoggerOptions, type Logger } from "./logger.js";
export { HealthState, type Health } from "./services/health.js";
export { requestId, type RequestIdContext, type RequestIdOptions } from "./middleware/request-id.js";
export {
  levelOf,
  logging,
  type LoggingContext,
  type LoggingOptions,
  type LogLevel,
} from "./middleware/logging.js";
export { requireRoles, type RequireRolesOptions } from "./middleware/require-roles.js";
export { errorBoundary, type ErrorBoundaryOptions } from "./middleware/error-boundary.js";
export { auth, bearerToken, type AuthContext, type AuthOptions } from "./middleware/auth.js";
export { except, forMethods, matchesMethod, type MethodMatch } from "./middleware/for-methods.js";
export {
  ServiceError,
  type ErrorDetails,
  type FieldViolation,
  type PreconditionViolation,
  type QuotaViolation,
  type ServiceErrorOptions,
} from "./errors/service-error.js";
export {
  aborted,
  alreadyExists,
  failedPrecondition,
  invalidArgument,
  notFound,
  outOfRange,
  permissionDenied,
  resourceExhausted,
  unauthenticated,
  unavailable,
  unimplemented,
  type ErrorOptions,
  type ResourceOptions,
} from "./errors/factories.js";
export { internalErrorMessage, toServerError } from "./errors/to-server-error.js";
export { MAX_STATUS_DETAILS_BYTES } from "./errors/status-details.js";

// What handlers and middleware are written with: one import serves.
export {
  Metadata,
  ServerError,
  Status,
  type CallContext,
  type MethodDescriptor,
  type ServerMiddleware,
} from "nice-grpc-common";
