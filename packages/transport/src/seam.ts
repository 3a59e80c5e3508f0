// The entry point @callwire/transport/seam: what a client's middleware and options are written with, without Node.js in it, so that
// a client for browsers has it too. What it exports, the index does as well.
export type { ClientCallContext, ClientPhases, FailureOrigin } from "./client/client-phases.js";
export type { RuntimeMethod } from "./client/client-runtime.js";
export { clientObject } from "./client/client-object.js";
export type { CallOptions, Client } from "./client/client-types.js";
export { describePage } from "./client/foreign-page.js";
export {
  checkOptions,
  checkValue,
  kindOf,
  shown,
  type OptionRule,
  type OptionRules,
  type RulesOf,
} from "./grpc/check-options.js";
export { checkGenerator } from "./grpc/check-generator.js";
export { contractOf } from "./grpc/contract.js";
export type { CompatServiceDefinition, NormalizedServiceDefinition } from "./grpc/definition-types.js";
export { isSettable } from "./grpc/reserved-names.js";
export { iteratorOf, requestIteratorOf, type AnyIterable, type AnyIterator } from "./grpc/iterator-of.js";
export * as rules from "./grpc/option-rules.js";
export { decodeStatusMessage, parseStatus, statusOfHttpStatus } from "./grpc/status.js";
