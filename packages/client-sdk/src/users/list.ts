import type { ListUsersRequest, User } from "@callwire/contracts/users";
import type { ClientCallOptions } from "../call-options.js";
import type { UsersClient } from "./users-client.js";

/** All users of all pages. Only an empty token is the end (AIP-158): a page may be empty and yet not the last. */
export async function* list(
  listUsers: UsersClient["listUsers"],
  request: Partial<ListUsersRequest>,
  options: ClientCallOptions | undefined,
): AsyncGenerator<User, void, undefined> {
  let pageToken = request.pageToken ?? "";
  do {
    const page = await listUsers({ ...request, pageToken }, options);
    yield* page.users;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}
