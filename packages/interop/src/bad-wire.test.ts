import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createUsersClient, Status, type UsersClient } from "@callwire/client-sdk/users";
import { CreateUserRequest, ListUsersRequest, ListUsersResponse } from "@callwire/contracts/users";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { rawSession, type RawRequest, type RawSession } from "./raw-session.js";
import { startUsersService, type UsersServiceProcess } from "./users-service-process.js";

declare const runtimeName: string;
/** The transport refuses what grpc-js lets through. */
const isStrict = runtimeName === "transport";

let service: UsersServiceProcess;
let users: UsersClient;
let session: RawSession;

beforeAll(async () => {
  // Where other HTTP is answered, what is not gRPC is the edge's.
  service = await startUsersService(["--http", "no"]);
  users = createUsersClient({ address: service.address });
  session = await rawSession(service.address);
});

afterAll(async () => {
  users.close();
  session[Symbol.dispose]();
  await service[Symbol.asyncDispose]();
});

const path = "/users.UserService/CreateUser";
let made = 0;
const message = () =>
  CreateUserRequest.encode(
    CreateUserRequest.fromPartial({ name: "Eve", email: `eve${made++}@example.com` }),
  ).finish();

/** A good call over the same connection; returns how many users there are. */
async function count(): Promise<number> {
  const request = ListUsersRequest.encode(ListUsersRequest.fromPartial({ pageSize: 1 })).finish();
  const { code, body } = await session.call({
    path: "/users.UserService/ListUsers",
    body: lengthPrefixed(request),
  });
  expect(code).toBe(Status.OK);
  return ListUsersResponse.decode(body.subarray(5)).totalCount;
}

describe("what no gRPC client would send is refused, writes nothing, and the connection goes on", () => {
  test.each<[string, keyof typeof Status, () => Partial<RawRequest>]>([
    ["a deadline that has passed", "DEADLINE_EXCEEDED", () => ({ headers: { "grpc-timeout": "0n" } })],
    ["a deadline of a nanosecond", "DEADLINE_EXCEEDED", () => ({ headers: { "grpc-timeout": "1n" } })],
    ["a deadline that is none", "INTERNAL", () => ({ headers: { "grpc-timeout": "soon" } })],
    [
      "a message cut off within a field",
      "INTERNAL",
      () => ({ body: lengthPrefixed(message().subarray(0, 9)) }),
    ],
    // grpc-js counts whole messages, of which a unary call has one.
    [
      "a message shorter than announced",
      isStrict ? "INTERNAL" : "UNIMPLEMENTED",
      () => ({ body: lengthPrefixed(message(), { length: 100 }) }),
    ],
    ["half a prefix", isStrict ? "INTERNAL" : "UNIMPLEMENTED", () => ({ body: Buffer.alloc(2) })],
    ["no message", "UNIMPLEMENTED", () => ({ body: Buffer.alloc(0) })],
    [
      "two messages",
      "UNIMPLEMENTED",
      () => ({ body: Buffer.concat([lengthPrefixed(message()), lengthPrefixed(message())]) }),
    ],
    ["5 MiB", "RESOURCE_EXHAUSTED", () => ({ body: lengthPrefixed(Buffer.alloc(5 << 20)) })],
    [
      "4 GiB announced",
      "RESOURCE_EXHAUSTED",
      () => ({ body: lengthPrefixed(message(), { length: 2 ** 32 - 1 }) }),
    ],
    [
      "an unknown compression",
      "UNIMPLEMENTED",
      () => ({ headers: { "grpc-encoding": "zz" }, body: lengthPrefixed(message(), { flag: 1 }) }),
    ],
    [
      "gzip that is not",
      "INTERNAL",
      () => ({ headers: { "grpc-encoding": "gzip" }, body: lengthPrefixed(message(), { flag: 1 }) }),
    ],
    ["an unknown method", "UNIMPLEMENTED", () => ({ path: "/users.UserService/DropUsers" })],
    ["an unknown service", "UNIMPLEMENTED", () => ({ path: "/admin.AdminService/CreateUser" })],
  ])("%s: %s", async (_name, status, request) => {
    const before = await count();
    const { code, fields } = await session.call({ path, body: lengthPrefixed(message()), ...request() });
    expect(Status[code]).toBe(status);
    expect(fields[":status"]).toBe(200);
    expect(await count()).toBe(before);
  });

  test("a content type other than gRPC's: HTTP 415", async () => {
    const before = await count();
    const headers = { "content-type": "application/json" };
    const { fields } = await session.call({ path, headers, body: lengthPrefixed(message()) });
    expect(fields[":status"]).toBe(415);
    expect(await count()).toBe(before);
  });

  test.each([
    ["bytes that are not base64", { "callwire-bin": "%%%" }, isStrict],
    ["a request id in no known alphabet", { "x-request-id": "äöü" }, isStrict],
    ["a request id without end", { "x-request-id": "x".repeat(5_000) }, false],
  ])("metadata that mean nothing do no harm: %s", async (_name, headers, isRefused) => {
    const before = await count();
    const { code, fields } = await session.call({ path, headers, body: lengthPrefixed(message()) });
    expect(Status[code]).toBe(isRefused ? "INTERNAL" : "OK");
    if (!isRefused) expect(fields["x-request-id"]).toMatch(/^[\x20-\x7e]{1,128}$/);
    expect(await count()).toBe(before + (isRefused ? 0 : 1));
  });

  test("16 KiB of metadata do no harm: they are refused, or the call is well", async () => {
    const before = await count();
    const call = session.call({
      path,
      headers: { "x-filler": "x".repeat(16 << 10) },
      body: lengthPrefixed(message()),
    });
    expect(Status[(await call).code]).toBe(isStrict ? "RESOURCE_EXHAUSTED" : "OK");
    expect(await count()).toBe(before + (isStrict ? 0 : 1));
  });

  test("a stream cut off in the middle of an upload leaves whole users only, and the server goes on", async () => {
    const before = await count();
    const rows = Array.from({ length: 3 }, () => lengthPrefixed(message()));
    const body = Buffer.concat([...rows, lengthPrefixed(message()).subarray(0, 8)]);
    const { code } = await session.call({ path: "/users.UserService/UploadUsers", body });
    expect(Status[code]).not.toBe(Status[Status.UNKNOWN]);
    const after = await count();
    expect(after - before).toBeLessThanOrEqual(rows.length);
    for await (const { name, email } of users.list()) {
      expect({ name, email }).toEqual({ name: "Eve", email: expect.stringMatching(/^eve\d+@example.com$/) });
    }
  });
});
