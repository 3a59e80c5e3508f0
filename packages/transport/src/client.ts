// The entry point @callwire/transport/client: channels and clients, without the server's half, which a program that only calls need
// not load.
export * from "./common.js";
export type { ClientCallContext, ClientPhases, FailureOrigin } from "./client/client-phases.js";
export type {
  ClientRuntime,
  ClientTlsOptions,
  RuntimeChannel,
  RuntimeCredentials,
  RuntimeMethod,
} from "./client/client-runtime.js";
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
export { callOptionRules, CallOptionsCheck, checkIsCallOptions } from "./client/call-options-check.js";
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
export { clientObject } from "./client/client-object.js";
