import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createClient } from "@callwire/client-sdk";
import { CallError, createUsersClient, Status, type UsersClient } from "@callwire/client-sdk/users";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { CreateUserRequest } from "@callwire/contracts/users";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { rawSession } from "./raw-session.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService, type UsersServiceProcess } from "./users-service-process.js";

const token = "token-of-the-shop";
const path = "/users.UserService/CreateUser";
const body = lengthPrefixed(
  CreateUserRequest.encode(CreateUserRequest.fromPartial({ name: "Eve", email: "eve@example.com" })).finish(),
);

let service: UsersServiceProcess;
let shop: UsersClient;

beforeAll(async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "tokens");
  writeFileSync(file, `# who may call\nshop ${token}\n`);
  service = await startUsersService(["--tokens-file", file]);
  shop = createUsersClient({ address: service.address, token });
});

afterAll(async () => {
  shop.close();
  await service[Symbol.asyncDispose]();
});

test.each([
  ["none", {}],
  ["empty", { authorization: "" }],
  ["one that nobody has", { authorization: "Bearer token-of-nobody" }],
  ["a good one, shortened", { authorization: `Bearer ${token.slice(0, -1)}` }],
  ["a good one in capitals", { authorization: `Bearer ${token.toUpperCase()}` }],
  ["two", { authorization: `Bearer ${token}, Bearer ${token}` }],
  ["of another scheme", { authorization: `Basic ${Buffer.from(`shop:${token}`).toString("base64")}` }],
  ["in another field", { "x-authorization": `Bearer ${token}` }],
])("a bad token is UNAUTHENTICATED and writes nothing: %s", async (_name, headers) => {
  using session = await rawSession(service.address);
  const { code, fields } = await session.call({ path, headers, body });
  expect(Status[code]).toBe("UNAUTHENTICATED");
  const details = Buffer.from(String(fields["grpc-status-details-bin"]), "base64").toString("latin1");
  expect(details).toContain("google.rpc.ErrorInfo");
  expect(details).toMatch(/CREDENTIALS_(MISSING|INVALID)/);
  expect(JSON.stringify(fields)).not.toContain(token);
  // The connection goes on; whoever has the token finds nothing that was written without it.
  expect((await session.call({ path, headers, body })).code).toBe(Status.UNAUTHENTICATED);
  expect(await shop.listUsers({})).toMatchObject({ totalCount: 0 });
});

test("a stream without a token is UNAUTHENTICATED before its first message", async () => {
  await using nobody = createUsersClient({ address: service.address });
  const watching = nobody.watchUsers({})[Symbol.asyncIterator]().next();
  await expect(watching).rejects.toMatchObject({ code: Status.UNAUTHENTICATED });
  const uploading = nobody.uploadUsers([{ name: "Eve", email: "eve@example.com" }]);
  await expect(uploading).rejects.toBeInstanceOf(CallError);
  expect(await shop.listUsers({})).toMatchObject({ totalCount: 0 });
});

test("health needs no token", async () => {
  await using health = createClient(HealthDefinition, { address: service.address });
  expect(await health.check({})).toMatchObject({ status: 1 });
});

test("the log names callers' addresses and calls, never a token", async () => {
  const { code, stdout, stderr } = await service.stop("SIGTERM");
  expect(code).toBe(0);
  expect(stdout).toContain('"grpc.code":"UNAUTHENTICATED"');
  expect(stdout + stderr).not.toMatch(new RegExp(`${token.slice(0, -1)}|token-of-nobody`, "i"));
});
