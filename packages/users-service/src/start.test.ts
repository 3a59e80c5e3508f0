import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createClient } from "@callwire/client-sdk";
import { CallError, createUsersClient, Status, type UsersClient } from "@callwire/client-sdk/users";
import { HealthCheckResponse_ServingStatus, HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { ServerReflectionDefinition } from "@callwire/contracts/grpc/reflection/v1";
import { Department, type ChatMessage, type User } from "@callwire/contracts/users";
import { createLogger } from "@callwire/server-kit";
import { niceGrpc } from "@callwire/server-kit/nice-grpc";
import { serverRuntime } from "@callwire/transport";
import { readSettings, type Settings } from "./settings.js";
import { startUsersService, type UsersService } from "./start.js";

/** The suite runs over each runtime. */
declare const runtimeName: string;
const runtime = runtimeName === "transport" ? serverRuntime : niceGrpc;

const logger = createLogger({ level: "silent" });
let folder: string;
/** Ends what a test has started, the newest first. */
let ends: (() => unknown)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "callwire-users-service-"));
  ends = [];
});

afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true });
});

/** The default settings on a free port, over a database in memory. */
function settingsWith(changes: Partial<Settings> = {}): Settings {
  const args = ["--address", "127.0.0.1:0", "--database", ":memory:", "--runtime", runtimeName];
  const defaults = readSettings(args, {});
  if (defaults === "help") throw new Error("nobody asked for help");
  return { ...defaults, ...changes };
}

async function start(changes?: Partial<Settings>, log = logger): Promise<UsersService> {
  const service = await startUsersService(settingsWith(changes), { logger: log, runtime });
  // Forced, for a test that fails may leave calls behind.
  ends.push(() => service.shutdown({ timeoutMs: 0 }));
  return service;
}

function clientOf({ port }: UsersService, token?: string): UsersClient {
  const users = createUsersClient({ address: `127.0.0.1:${port}`, ...(token !== undefined && { token }) });
  ends.push(() => users.close());
  return users;
}

/** The error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<CallError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CallError) return error;
  throw new Error(`not a CallError: ${String(error)}`);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe.each([
  ["in memory", () => ":memory:"],
  ["in SQLite", () => join(folder, "users.db")],
])("all eight calls, %s", (_, database) => {
  let users: UsersClient;

  beforeEach(async () => {
    users = clientOf(await start({ database: database() }));
  });

  test("CreateUser, GetUser, UpdateUser, DeleteUser", async () => {
    const created = await users.createUser({
      name: "Ann",
      email: "ann@example.com",
      age: 30,
      department: Department.SALES,
      roles: ["admin"],
    });
    expect(created).toMatchObject({ name: "Ann", age: 30, department: Department.SALES, roles: ["admin"] });
    const { id } = created;
    expect(await users.getUser({ id })).toEqual(created);

    const updated = await users.updateUser({
      user: { id, age: 31, etag: created.etag },
      updateMask: ["age"],
    });
    expect(updated).toEqual({ ...created, age: 31, etag: updated.etag, updatedAt: updated.updatedAt });
    expect(updated.etag).not.toBe(created.etag);

    const outdated = await failure(users.deleteUser({ id, etag: created.etag }));
    expect(outdated).toMatchObject({
      code: Status.ABORTED,
      details: { errorInfo: { reason: "ETAG_MISMATCH" } },
    });
    expect(await users.deleteUser({ id, etag: updated.etag })).toEqual(updated);

    const gone = await failure(users.getUser({ id }));
    expect(gone).toMatchObject({
      code: Status.NOT_FOUND,
      details: {
        errorInfo: { reason: "USER_NOT_FOUND", domain: "users.UserService" },
        resourceInfo: { resourceType: "users.User", resourceName: id },
      },
    });
  });

  test("CreateUser names every bad field, and writes nothing", async () => {
    const error = await failure(users.createUser({ name: "", email: "nobody", age: -1 }));
    expect(error.code).toBe(Status.INVALID_ARGUMENT);
    expect(error.details.badRequest?.fieldViolations.map(({ field }) => field)).toEqual([
      "name",
      "email",
      "age",
    ]);
    expect((await users.listUsers({})).totalCount).toBe(0);
  });

  test("ListUsers, page by page", async () => {
    for (const name of ["Ann", "Bob", "Cid"]) await users.createUser({ name, email: `${name}@example.com` });
    const page = await users.listUsers({ pageSize: 2, orderBy: "name desc" });
    expect(page.users.map(({ name }) => name)).toEqual(["Cid", "Bob"]);
    expect(page.totalCount).toBe(3);
    const all = await collect(users.list({ pageSize: 2, orderBy: "name desc" }));
    expect(all.map(({ name }) => name)).toEqual(["Cid", "Bob", "Ann"]);
    const filtered = await collect(users.list({ filter: 'name="B*"' }));
    expect(filtered.map(({ name }) => name)).toEqual(["Bob"]);
  });

  test("WatchUsers, from now on and from a token", async () => {
    let ann: User | undefined;
    let position = "";
    for await (const event of users.watchUsers({}, { heartbeats: true })) {
      if (event.eventType === "heartbeat") {
        expect(event.user?.name).toBe("system");
        position = event.resumeToken;
        ann = await users.createUser({ name: "Ann", email: "ann@example.com" });
      } else {
        expect(event).toMatchObject({ eventType: "created", user: ann });
        break;
      }
    }
    await users.deleteUser({ id: ann?.id ?? "" });
    const seen: string[] = [];
    for await (const { eventType } of users.watchUsers({ resumeToken: position })) {
      if (seen.push(eventType) === 2) break;
    }
    expect(seen).toEqual(["created", "deleted"]);
  });

  test("UploadUsers, in more than one batch", async () => {
    function* rows() {
      for (let row = 0; row < 600; row++) yield { name: `Row ${row}`, email: `row${row}@example.com` };
      yield { name: "", email: "ROW0@example.com" };
      yield { name: "Again", email: "ROW0@example.com" };
    }
    expect(await users.uploadUsers(rows())).toEqual({
      created: 600,
      failed: 2,
      errors: [
        { index: 600, field: "name", reason: "is required" },
        { index: 601, field: "email", reason: 'The email "ROW0@example.com" is taken' },
      ],
    });
    expect((await users.listUsers({ pageSize: 1 })).totalCount).toBe(600);
  });

  test("Chat, each line once and in order, with an id and a time", async () => {
    const said: Partial<ChatMessage>[] = ["one", "two"].map((content) => ({
      sender: "Ann",
      content,
      room: "r",
    }));
    const heard = await collect(users.chat(said));
    expect(heard).toMatchObject(said);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(2);
    expect(heard.every(({ sentAt }) => sentAt instanceof Date)).toBe(true);
    const error = await failure(collect(users.chat([{ content: "x".repeat(4097) }])));
    expect(error).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      description: expect.stringContaining("content is longer"),
    });
  });
});

describe("with tokens", () => {
  test("the log tells who called", async () => {
    const lines: string[] = [];
    const log = createLogger({ destination: { write: (line: string) => void lines.push(line) } });
    const service = await start({ tokens: new Map([["0123456789abcdef", "shop"]]) }, log);
    await clientOf(service, "0123456789abcdef").listUsers({});
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ "grpc.method": "ListUsers", subject: "shop" }),
    );
    expect(lines.join("")).not.toContain("0123456789abcdef");
  });

  test("a call needs one of them, and a health check none", async () => {
    const service = await start({ tokens: new Map([["0123456789abcdef", "shop"]]) });
    await expect(clientOf(service, "0123456789abcdef").listUsers({})).resolves.toMatchObject({
      totalCount: 0,
    });
    const missing = await failure(clientOf(service).listUsers({}));
    expect(missing).toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: { errorInfo: { reason: "CREDENTIALS_MISSING" } },
    });
    const wrong = await failure(clientOf(service, "0123456789abcdeF").listUsers({}));
    expect(wrong).toMatchObject({
      code: Status.UNAUTHENTICATED,
      details: { errorInfo: { reason: "CREDENTIALS_INVALID" } },
    });
    await using health = createClient(HealthDefinition, { address: `127.0.0.1:${service.port}` });
    const { status } = await health.check({ service: "users.UserService" });
    expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
  });
});

describe("reflection", () => {
  /** The names of the services that reflection lists. */
  async function listed(service: UsersService): Promise<string[]> {
    await using reflection = createClient(ServerReflectionDefinition, {
      address: `127.0.0.1:${service.port}`,
    });
    async function* ask() {
      yield { messageRequest: { $case: "listServices", value: "" } } as const;
    }
    const [answer] = await collect(reflection.serverReflectionInfo(ask()));
    const response = answer?.messageResponse;
    return response?.$case === "listServicesResponse" ? response.value.service.map(({ name }) => name) : [];
  }

  test("lists the users service if it is set", async () => {
    expect(await listed(await start({ reflection: true }))).toContain("users.UserService");
  });

  test("is not there if it is not", async () => {
    const error = await failure(listed(await start({ reflection: false })));
    expect(error.code).toBe(Status.UNIMPLEMENTED);
  });
});

describe("the database", () => {
  test("is closed by a shutdown, with all that was created in it", async () => {
    const database = join(folder, "users.db");
    const first = await start({ database });
    const { id } = await clientOf(first).createUser({ name: "Ann", email: "ann@example.com" });
    expect(await first.shutdown()).toEqual({ forced: false, cutOff: [] });

    const second = await start({ database });
    expect(await clientOf(second).getUser({ id })).toMatchObject({ name: "Ann" });
  });

  test("is closed too if the address cannot be had", async () => {
    const { port } = await start();
    const database = join(folder, "users.db");
    const address = `127.0.0.1:${port}`;
    await expect(startUsersService(settingsWith({ address, database }), { logger, runtime })).rejects.toThrow(
      `cannot listen on ${address}: the address is already in use`,
    );
    await start({ database });
  });

  test("that cannot be opened stops the start with its name", async () => {
    const database = join(folder, "none", "users.db");
    await expect(startUsersService(settingsWith({ database }), { logger, runtime })).rejects.toThrow(
      `The database ${database} cannot be opened`,
    );
  });
});

test("a shutdown ends a watch with what tells its client to come back", async () => {
  const service = await start();
  let stopped: Promise<unknown> | undefined;
  const watch = async () => {
    const onResume = ({ error }: { error: CallError }) => {
      throw error;
    };
    for await (const _ of clientOf(service).watchUsers({}, { heartbeats: true, onResume })) {
      stopped ??= service.shutdown();
    }
  };
  expect(await failure(watch())).toMatchObject({
    code: Status.UNAVAILABLE,
    details: { errorInfo: { reason: "SERVER_STOPPING" } },
  });
  expect(await stopped).toEqual({ forced: false, cutOff: [] });
});
