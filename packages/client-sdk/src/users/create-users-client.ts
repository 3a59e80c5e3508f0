import { UserServiceDefinition } from "@callwire/contracts/users";
import type { ClientOptions } from "../client-options.js";
import { createClient } from "../create-client.js";
import type { UsersClient } from "./users-client.js";
import { usersClientOf } from "./users-methods.js";

/**
 * Makes a client of the users service. It connects when it is first used, and again whenever the connection is lost.
 *
 * Throws a TypeError or RangeError at once if an option is not right or not known, or two contradict each other.
 */
export function createUsersClient(options: ClientOptions): UsersClient {
  return usersClientOf(createClient(UserServiceDefinition, options));
}
