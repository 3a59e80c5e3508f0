export {
  ClientError,
  composeClientMiddleware,
  composeServerMiddleware,
  ServerError,
  Status,
  type CallContext,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  type MetadataInit,
  type MetadataValue,
  type MethodDescriptor,
  type ServerMiddleware,
  type ServerMiddlewareCall,
} from "nice-grpc-common";
export type { ServerCallContext } from "./server/server-call-context.js";
export type { HttpHandler, HttpStream } from "./server/http-handler.js";
export type { Http1Options } from "./server/http1-options.js";
export { readInTurns } from "./server/http1-socket.js";
export type { ReadyIterator } from "./server/ready-iterator.js";
export { ResponseStream, type ResponseSink } from "./server/response-stream.js";
export { countSent } from "./server/turns.js";
export { createCallScopes, type CallScope, type CallScopes } from "./server/call-scope.js";
export type { ServerPhases } from "./server/server-phases.js";
export type { RuntimeServer, ServerRuntime, ServerTlsOptions } from "./server/server-runtime.js";
export type { ClientCallContext, ClientPhases, FailureOrigin } from "./client/client-phases.js";
export type {
  ClientRuntime,
  ClientTlsOptions,
  RuntimeChannel,
  RuntimeCredentials,
  RuntimeMethod,
} from "./client/client-runtime.js";
export {
  createServer,
  type Server,
  type ServerAddBuilder,
  type ServerCallContextExt,
} from "./server/create-server.js";
export type { DrainReport } from "./server/transport-server.js";
export { serverRuntime } from "./server/transport-runtime.js";
export { ServerCredentials, type KeyCertPair } from "./server/credentials.js";
export {
  defaultServerLimits,
  type GrpcJsServerOptions,
  type ServerLimits,
  type ServerOptions,
  type ServerStats,
} from "./server/server-options.js";
export {
  channelStats,
  createChannel,
  waitForChannelReady,
  Channel,
  type ChannelStats,
} from "./client/channel.js";
export { createInProcessChannel } from "./client/in-process-channel.js";
export type { InProcessServer } from "./client/target.js";
export { createClient, createClientFactory, type ClientFactory } from "./client/create-client.js";
export { clientRuntime, inProcessRuntime } from "./client/transport-runtime.js";
export { ChannelCredentials, type VerifyOptions } from "./client/channel-credentials.js";
export { callOptionRules, CallOptionsCheck } from "./client/call-options-check.js";
export type { ChannelOptions } from "./client/channel-options.js";
export type { BalancingPolicy } from "./client/balancer.js";
export type { Resolution, Resolver, ResolverListener } from "./client/resolver.js";
export { ConnectivityState } from "./client/connectivity-state.js";
export type {
  BidiStreamingClientMethod,
  CallOptions,
  Client,
  ClientMethod,
  ClientStreamingClientMethod,
  DefaultCallOptions,
  RawClient,
  ServerStreamingClientMethod,
  UnaryClientMethod,
} from "./client/client-types.js";
export type {
  CompatServiceDefinition,
  NormalizedServiceDefinition,
  ServiceDefinition,
} from "./grpc/definition-types.js";
export { guardListeners, type FaultSink } from "./server/guarded-signal.js";
export { tryAddress } from "./server/try-address.js";
export { isAsyncIterable, iteratorOf, type AnyIterable, type AnyIterator } from "./grpc/iterator-of.js";
export { CONTRACT_HEADER, contractOf, readContract } from "./grpc/contract.js";
export { isSettable } from "./grpc/field-names.js";
export { encodeStatusMessage } from "./grpc/status.js";
export { parseTimeout } from "./grpc/timeout.js";
export { checkMessage } from "./grpc/check-message.js";
export { isMessageTurnOver } from "./grpc/message-turn.js";
export { handlerOf } from "./grpc/handler-of.js";
export { clientObject } from "./client/client-object.js";
export { deserialize, serialize } from "./grpc/serialize.js";
export { withoutStack } from "./grpc/without-stack.js";
export { bytesDefinition, methodsOf, type Codec, type Method } from "./grpc/definitions.js";
export { Metadata } from "./grpc/new-metadata.js";
export {
  checkOptions,
  checkValue,
  kindOf,
  shown,
  type OptionRule,
  type OptionRules,
  type RulesOf,
} from "./grpc/check-options.js";
export { checkDefinition } from "./grpc/check-definition.js";
export { checkPem, type PemFiles } from "./grpc/check-pem.js";
export * as rules from "./grpc/option-rules.js";
export { didYouMean, nearestName } from "./grpc/nearest-name.js";
export { checkGrpcJsChannelOptions } from "./grpc/grpc-js-channel-options.js";
export { turnWork } from "./http2/turn-work.js";
export { deadlines, type DeadlineEntry, type DeadlineLinks } from "./http2/deadline-wheel.js";
export type { ConnectionOptions } from "./http2/connection-options.js";
export type { AbuseLimits } from "./http2/abuse-guard.js";
export { shareEncoding, sharedForm } from "./grpc/shared-encoding.js";
export type { ServiceImplementation } from "./grpc/service-implementation.js";
export {
  codecOf,
  decodeMessage,
  encodeMessage,
  type MessageCodec,
  type MessageType,
} from "./protobuf/message-codec.js";
export { ProtobufError } from "@callwire/protobuf";
