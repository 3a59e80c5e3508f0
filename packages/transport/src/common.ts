// What both entry points export: the types, statuses and metadata of calls, and what the SDK and the kit are written with.
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
export type {
  CompatServiceDefinition,
  NormalizedServiceDefinition,
  ServiceDefinition,
} from "./grpc/definition-types.js";
export {
  isAsyncIterable,
  iteratorOf,
  requestIteratorOf,
  throwInto,
  type AnyIterable,
  type AnyIterator,
} from "./grpc/iterator-of.js";
export { CONTRACT_HEADER, contractOf, readContract } from "./grpc/contract.js";
export { isSettable } from "./grpc/field-names.js";
export { encodeStatusMessage } from "./grpc/status.js";
export { parseTimeout } from "./grpc/timeout.js";
export { checkMessage } from "./grpc/check-message.js";
export { isMessageTurnOver } from "./grpc/message-turn.js";
export { handlerOf } from "./grpc/handler-of.js";
export { deserialize, serialize } from "./grpc/serialize.js";
export { peerError, withoutStack } from "./grpc/without-stack.js";
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
export { checkGenerator } from "./grpc/check-generator.js";
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
