// The SDK's users client with its defaults and a token.
import type { CreateUserRequest, ListUsersRequest } from "@callwire/contracts/users";
import { forEachConnection, type Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { TOKEN } from "../../full/settings.js";
import type { EventFields, UserFields } from "../../service/data.js";
import type { ProductArgument } from "./argument.js";

/** Of the SDK, what is used: it may be of this version or of an older one. */
interface Sdk {
  createUsersClient(options: object): UsersClient;
}
interface UsersClient {
  getUser(request: { id: string }): Promise<UserFields>;
  createUser(request: CreateUserRequest): Promise<UserFields>;
  listUsers(
    request: Partial<ListUsersRequest>,
  ): Promise<{ users: UserFields[]; nextPageToken: string; totalCount: number }>;
  watchUsers(request: object, options: { heartbeats: boolean }): AsyncIterable<EventFields>;
  uploadUsers(
    rows: AsyncIterable<CreateUserRequest>,
    options: { timeoutMs?: number },
  ): Promise<{ created: number; failed: number }>;
}

const { sdk, runtime, unlimitedUpload } = JSON.parse(process.argv[3] ?? "{}") as ProductArgument;
const { createUsersClient } = (await import(sdk)) as Sdk;
const options = runtime === undefined ? {} : { runtime: await load(runtime) };
const uploadOptions = unlimitedUpload ? { timeoutMs: Infinity } : {};

async function load({ module, name }: { module: string; name?: string }): Promise<unknown> {
  const exports = (await import(module)) as Record<string, unknown>;
  return name === undefined ? exports : exports[name];
}

function operations(port: number): Operations {
  const users = createUsersClient({ address: `127.0.0.1:${port}`, token: TOKEN, ...options });
  return {
    getUser: (id) => users.getUser({ id }),
    // Without a request id of its own: the SDK makes one for each.
    createUser: (user) => users.createUser({ ...user, requestId: "" }),
    listUsers: async (pageSize) => (await users.listUsers({ pageSize })).users,
    watch: () => users.watchUsers({}, { heartbeats: true }),
    uploadUsers: async (rows) => (await users.uploadUsers(rows, uploadOptions)).created,
  };
}

await run(({ port, connections }) => forEachConnection(connections, () => operations(port)));
