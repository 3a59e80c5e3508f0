import { expect, jest, test } from "@jest/globals";
import { ListUsersResponse, User } from "@callwire/contracts/users";
import { keepEncoding, usersDefinition } from "./list-encoding.js";

const { responseType } = usersDefinition.methods.listUsers;

const users = [1, 2, 3].map((number) =>
  User.fromPartial({
    id: `id-${number}`,
    name: "Zoë".repeat(100 * number),
    createdAt: new Date(1_700_000_000_001),
  }),
);

test.each([
  ["none", []],
  ["some", [1]],
  ["all", [0, 1, 2]],
])("a page survives the wire if %s of its users were encoded before", (_, kept) => {
  const page: ListUsersResponse = {
    users: users.map((user) => ({ ...user })),
    nextPageToken: "next",
    totalCount: 300,
  };
  for (const index of kept) keepEncoding(page.users[index]!);
  for (let time = 0; time < 2; time++) {
    expect(ListUsersResponse.decode(responseType.encode(page).finish())).toEqual(page);
  }
});

test("an empty page is no bytes", () => {
  expect(responseType.encode({ users: [], nextPageToken: "", totalCount: 0 }).finish()).toHaveLength(0);
});

test("a user whose encoding is kept is encoded once", () => {
  const encode = jest.spyOn(User, "encode");
  const user = User.fromPartial({ id: "id-1" });
  for (let time = 0; time < 3; time++) {
    keepEncoding(user);
    responseType.encode({ users: [user, user], nextPageToken: "", totalCount: 2 }).finish();
  }
  expect(encode).toHaveBeenCalledTimes(1);
  encode.mockRestore();
});
