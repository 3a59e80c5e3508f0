import { ListUsersResponse, User, UserServiceDefinition } from "@callwire/contracts/users";
import type { Writer } from "@callwire/protobuf";

/** The bytes of messages that are listed again and again; they go with their message. */
const kept = new WeakMap<User, Uint8Array>();

/** Has a message encoded once for all pages that hold it from now on: it must not be changed any more. */
export function keepEncoding(message: User): void {
  if (!kept.has(message)) {
    kept.set(message, User.encode(message).finish());
  }
}

/** Writes the users after the other fields, which protobuf leaves to the writer. */
function encodePage(page: ListUsersResponse, writer?: Writer): Writer {
  const { nextPageToken, totalCount } = page;
  const written = ListUsersResponse.encode({ users: [], nextPageToken, totalCount }, writer);
  for (const user of page.users) {
    const bytes = kept.get(user);
    if (bytes === undefined) written.message(USERS_TAG, User, user);
    else written.bytes(USERS_TAG, bytes);
  }
  return written;
}

/** Field 1, which has a length. */
const USERS_TAG = (1 << 3) | 2;

const { methods } = UserServiceDefinition;

/** The contract, with pages of users that are put together of what was encoded before. */
export const usersDefinition: typeof UserServiceDefinition = {
  ...UserServiceDefinition,
  methods: {
    ...methods,
    listUsers: { ...methods.listUsers, responseType: { ...ListUsersResponse, encode: encodePage } },
  },
};
