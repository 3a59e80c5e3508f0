// The entry point @callwire/transport/server: servers, without the client's half.
export * from "./common.js";
export type { ServerCallContext } from "./server/server-call-context.js";
export type { HttpHandler, HttpStream } from "./server/http-handler.js";
export type { Http1Options } from "./server/http1-options.js";
export { headFault, type HeadFault } from "./server/http1-head.js";
export { readInTurns } from "./server/http1-socket.js";
export type { ReadyIterator } from "./server/ready-iterator.js";
export { ResponseStream, type ResponseSink } from "./server/response-stream.js";
export { countSent } from "./server/turns.js";
export { createCallScopes, type CallScope, type CallScopes } from "./server/call-scope.js";
export type { ServerPhases } from "./server/server-phases.js";
export type { RuntimeServer, ServerRuntime, ServerTlsOptions } from "./server/server-runtime.js";
export {
  createServer,
  type Server,
  type ServerAddBuilder,
  type ServerCallContextExt,
} from "./server/create-server.js";
export type { DrainReport } from "./server/transport-server.js";
export { serverRuntime } from "./server/transport-runtime.js";
export { ServerCredentials, serverCipherSuites, type KeyCertPair } from "./server/credentials.js";
export {
  defaultServerLimits,
  type GrpcJsServerOptions,
  type ServerLimits,
  type ServerOptions,
  type ServerStats,
} from "./server/server-options.js";
export { abortWithin, isDeadlineOver, isOwnDeadline, ownErrorOf } from "./server/error-status.js";
export { guardListeners, type FaultSink } from "./server/guarded-signal.js";
export { tryAddress } from "./server/try-address.js";
