import { expect, test } from "@jest/globals";
import { CreateUserRequest, Department, UpdateUserRequest, User, UserEvent } from "@callwire/contracts/users";
import { sharedForm } from "@callwire/transport";
import { etagOf, type User as DomainUser } from "../domain/user.js";
import {
  fromCreateMessage,
  fromUpdateMessage,
  toChatMessage,
  toEventMessage,
  toListedUserMessage,
  toSharedUserMessage,
  toUserMessage,
} from "./convert.js";

const user: DomainUser = {
  id: "4d1fb4a8-6d5f-4c0e-9d6a-0d1f7a3a0001",
  name: "Zoë",
  email: "Zoe@example.com",
  age: 30,
  department: 3,
  roles: ["admin", "sales"],
  createdAt: new Date(1_700_000_000_001),
  updatedAt: new Date(1_700_000_000_002),
  version: 2,
  sequence: 7,
};

const message: User = {
  id: user.id,
  name: "Zoë",
  email: "Zoe@example.com",
  age: 30,
  department: Department.SALES,
  roles: ["admin", "sales"],
  createdAt: new Date(1_700_000_000_001),
  updatedAt: new Date(1_700_000_000_002),
  etag: etagOf(user),
};

test("a user goes out with all the contract's fields, and survives the wire", () => {
  const converted = toUserMessage(user);
  expect(converted).toEqual(message);
  expect(User.decode(User.encode(converted).finish())).toEqual(converted);
});

test("its roles are a copy: what is done to a message changes no user", () => {
  toUserMessage(user).roles.push("intruder");
  expect(user.roles).toEqual(["admin", "sales"]);
});

test("all who ask for a user get one message, which nobody can change", () => {
  const shared = toSharedUserMessage(user);
  expect(shared).toEqual(message);
  expect(toSharedUserMessage(user)).toBe(shared);
  expect(() => (shared.name = "Eve")).toThrow(TypeError);
  expect(() => shared.roles.push("intruder")).toThrow(TypeError);
  expect(toListedUserMessage(user)).toBe(shared);
  expect(toListedUserMessage(user)).toBe(shared);
  const later = { ...user, name: "Zoe" };
  expect(toListedUserMessage(later)).toBe(toSharedUserMessage(later));
  expect(toSharedUserMessage(later).name).toBe("Zoe");
  expect(toSharedUserMessage(user).name).toBe("Zoë");
});

test("other forms of a user are made once for all pages, from the second on", () => {
  const listed = { ...user };
  const maker = {};
  let made = 0;
  const forms = [1, 2, 3].map(() => sharedForm(toListedUserMessage(listed), maker, () => ++made));
  expect(forms).toEqual([1, 2, 2]);
});

test("a create is read field by field", () => {
  const request = {
    name: "Zoë",
    email: "zoe@example.com",
    age: 30,
    department: Department.SALES,
    roles: ["a"],
    requestId: "once",
  };
  expect(fromCreateMessage(request)).toEqual(request);
});

test("of a create with nothing set, every field is empty or zero", () => {
  expect(fromCreateMessage(CreateUserRequest.fromPartial({}))).toEqual({
    name: "",
    email: "",
    age: 0,
    department: 0,
    roles: [],
    requestId: "",
  });
});

test("an update is read with its mask and etag; what the server alone sets is left out", () => {
  const request = UpdateUserRequest.fromPartial({ user: message, updateMask: ["name", "age"] });
  const { createdAt: _created, updatedAt: _updated, ...rest } = message;
  expect(fromUpdateMessage(request)).toEqual({ ...rest, updateMask: ["name", "age"] });
});

test("an update without a user or a mask is one of nobody's nothing", () => {
  expect(fromUpdateMessage(UpdateUserRequest.fromPartial({}))).toEqual({
    id: "",
    name: "",
    email: "",
    age: 0,
    department: 0,
    roles: [],
    etag: "",
    updateMask: [],
  });
});

test.each(["created", "updated", "deleted"] as const)("an event: %s", (type) => {
  const time = new Date(1_700_000_000_003);
  expect(toEventMessage({ type, user, resumeToken: "here", time })).toEqual({
    eventType: type,
    user: toUserMessage(user),
    resumeToken: "here",
    eventTime: time,
  });
});

test("a heartbeat carries the stand-in whose only field is the name", () => {
  const time = new Date(1_700_000_000_003);
  const event = toEventMessage({ type: "heartbeat", resumeToken: "here", time });
  const expected = UserEvent.fromPartial({
    eventType: "heartbeat",
    user: { name: "system" },
    resumeToken: "here",
    eventTime: time,
  });
  expect(UserEvent.encode(event).finish()).toEqual(UserEvent.encode(expected).finish());
});

test("a line of a chat", () => {
  const line = { sender: "Ann", content: "Hi", room: "r", id: "i", sentAt: new Date(5) };
  expect(toChatMessage(line)).toEqual(line);
});

// timestamp.proto: nanos count forward, also before 1970.
test.each([
  [new Date(0), ""],
  [new Date(1_700_000_000_007), "0880e2cfaa0610c09fab03"],
  [new Date(-1), "08ffffffffffffffffff0110c08faedc03"],
  [new Date(-1500), "08feffffffffffffffff011080cab5ee01"],
  [new Date(-2000), "08feffffffffffffffff01"],
])("a time is sent as a valid Timestamp, and comes back: %p", (createdAt, hex) => {
  const bytes = Buffer.from(User.encode(User.fromPartial({ createdAt })).finish());
  expect(bytes.toString("hex")).toBe(`3a${(hex.length / 2).toString(16).padStart(2, "0")}${hex}`);
  expect(User.decode(bytes).createdAt).toEqual(createdAt);
});

test.each([
  ["twice, of which the last counts", "3a02 0801 3a02 0802", new Date(2000)],
  ["with fields of a newer contract, passed over", "3a0b 1a0161 0801 0a0162 28ff01", new Date(1000)],
])("a time is read that comes %s", (_, hex, createdAt) => {
  expect(User.decode(Buffer.from(hex.replaceAll(" ", ""), "hex")).createdAt).toEqual(createdAt);
});

test.each(["3a02 0880", "3a01 08", "3a02 0f01", "3a03 0a0561"])(
  "a time that is none is refused: %s",
  (hex) => {
    expect(() => User.decode(Buffer.from(hex.replaceAll(" ", ""), "hex"))).toThrow();
  },
);
