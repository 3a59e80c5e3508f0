import { type ClientRuntime, clientRuntime, type CompatServiceDefinition } from "@callwire/transport";
import type { ClientOptions } from "../client-options.js";
import { createClient as create } from "../create-client.js";
import { niceGrpc } from "../nice-grpc/nice-grpc-runtime.js";
import type { ServiceClient } from "../service-client.js";
import { createUsersClient as createUsers } from "../users/create-users-client.js";
import type { UsersClient } from "../users/users-client.js";

/** The runtime of this run: each suite runs over each of them. */
declare const runtimeName: "nice-grpc" | "transport";

/** The runtime of this run's clients. */
export const runtime: ClientRuntime = runtimeName === "transport" ? clientRuntime : niceGrpc;

/** Makes a client over this run's runtime. */
export function createClient<Definition extends CompatServiceDefinition, Ext extends object = object>(
  definition: Definition,
  options: ClientOptions<Ext>,
): ServiceClient<Definition, Ext> {
  return create(definition, { runtime, ...options });
}

/** Makes a client of the users service over this run's runtime. */
export function createUsersClient(options: ClientOptions): UsersClient {
  return createUsers({ runtime, ...options });
}
