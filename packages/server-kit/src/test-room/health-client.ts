import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createChannel, createClient, type Client } from "nice-grpc";

/** A client of a server's health, over a connection of its own. */
export function health(address: string): Client<HealthDefinition> & Disposable {
  const channel = createChannel(address, undefined, { "grpc.use_local_subchannel_pool": 1 });
  return Object.assign(createClient(HealthDefinition, channel), { [Symbol.dispose]: () => channel.close() });
}
