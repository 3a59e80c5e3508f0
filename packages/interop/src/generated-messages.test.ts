import { User } from "@callwire/contracts/users";
import { fromJsonText, toJsonText } from "@callwire/protobuf";
import { expect, test } from "@jest/globals";

test("a generated type goes to bytes and to JSON, and back", () => {
  const user = User.create({ name: "Ada", roles: ["admin"] });
  const bytes = User.encode(user).finish();
  const same = User.decode(bytes);
  const json = User.toJSON(same); // { name: "Ada", roles: ["admin"] }
  const again = User.fromJSON(json);

  expect(json).toEqual({ name: "Ada", roles: ["admin"] });
  expect(again).toEqual(user);
  expect(same).toEqual(user);
  expect(fromJsonText(User, toJsonText(User, user))).toEqual(user);
});
