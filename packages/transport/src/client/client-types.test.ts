import { expect, test } from "@jest/globals";
import type { EchoServiceDefinition } from "@callwire/testkit";
import type * as niceGrpc from "nice-grpc";
import type { ClientMiddleware } from "nice-grpc-common";
import type { CompatServiceDefinition, ServiceDefinition } from "../grpc/definition-types.js";
import { createChannel, waitForChannelReady, type Channel } from "./channel.js";
import { ChannelCredentials } from "./channel-credentials.js";
import type { CallOptions, Client } from "./client-types.js";
import { createClient, createClientFactory } from "./create-client.js";

/** Compiles only if `From` can be assigned to `To`. */
type Assignable<To, From extends To> = [To, From];

type Echo = typeof EchoServiceDefinition;

/**
 * What takes either library, as a whole. (Their factories are not assignable to each other: that two generic functions
 * compute the same client is beyond TypeScript.)
 */
interface Runtime {
  createChannel(
    address: string,
    credentials?: { _isSecure(): boolean },
    options?: Record<string, unknown>,
  ): Channel;
  createClientFactory(): RuntimeFactory;
  createClient(definition: CompatServiceDefinition, channel: Channel): unknown;
  waitForChannelReady(channel: Channel, deadline: Date): Promise<void>;
  ChannelCredentials: {
    createInsecure(): { _isSecure(): boolean };
    createSsl(ca?: Buffer | null, key?: Buffer | null, cert?: Buffer | null): { _isSecure(): boolean };
  };
}

interface RuntimeFactory {
  use(middleware: ClientMiddleware): RuntimeFactory;
  create(definition: CompatServiceDefinition, channel: Channel): unknown;
}

const transport = {
  createChannel,
  createClientFactory,
  createClient,
  waitForChannelReady,
  ChannelCredentials,
};

// What counts here is that this compiles: code with nice-grpc's types takes ours, and the other way round.
type _Checks = [
  Assignable<niceGrpc.Client<Echo>, Client<Echo>>,
  Assignable<Client<Echo>, niceGrpc.Client<Echo>>,
  Assignable<niceGrpc.Client<Echo, { x?: number }>, Client<Echo, { x?: number }>>,
  Assignable<Client<Echo, { x?: number }>, niceGrpc.Client<Echo, { x?: number }>>,
  Assignable<niceGrpc.CompatServiceDefinition, CompatServiceDefinition>,
  Assignable<CompatServiceDefinition, niceGrpc.CompatServiceDefinition>,
  Assignable<niceGrpc.ServiceDefinition, ServiceDefinition>,
  Assignable<ServiceDefinition, niceGrpc.ServiceDefinition>,
  Assignable<niceGrpc.CallOptions, CallOptions>,
  Assignable<CallOptions, niceGrpc.CallOptions>,
  Assignable<Runtime, typeof niceGrpc>,
  Assignable<Runtime, typeof transport>,
  // grpc-js's Channel is a class with private fields: nothing else is one.
  Assignable<Channel, niceGrpc.Channel>,
];

test("the types of a client are nice-grpc's", () => {
  const checks: _Checks | undefined = undefined;
  expect(checks).toBeUndefined();
  expect(Object.values(transport).map((each) => typeof each)).toEqual(Array(5).fill("function"));
});
