import { startUsersService, type UsersServiceProcess } from "../users-service-process.js";

/** The port of an address. */
export const portOf = (address: string): number => Number(address.split(":").pop());

/** Starts a users service over the transport: the proxies' tests are about the way to it. */
export function startService(...args: string[]): Promise<UsersServiceProcess> {
  return startUsersService(["--runtime", "transport", ...args]);
}
