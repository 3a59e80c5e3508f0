import { UserServiceDefinition } from "@callwire/contracts/users";
import type { UsersClient } from "../users/users-client.js";
import { usersClientOf } from "../users/users-methods.js";
import { createClient } from "./create-client.js";
import type { WebClientOptions } from "./web-options.js";

/**
 * Makes a client of the users service for browsers and other runtimes with `fetch`. `chat` needs a runtime whose requests stream
 * both ways, which browsers are not.
 *
 * Throws a TypeError or RangeError at once if an option is not right or not known.
 */
export function createUsersClient(options: WebClientOptions): UsersClient {
  return usersClientOf(createClient(UserServiceDefinition, options));
}
