// The SDK's users client with its defaults and a token.
import { forEachConnection, type Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { TOKEN } from "../../full/settings.js";
import type { ProductArgument } from "./argument.js";
import { mixedCall } from "./mixed.js";
import { Code, codeOf, type UsersClient } from "./users-client.js";

interface Sdk {
  createUsersClient(options: object): UsersClient;
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
    tryList: async (request) => {
      try {
        const { users: page, totalCount } = await users.listUsers(request);
        if (page.length !== Math.min(totalCount, request.pageSize)) {
          throw new Error(`a page of ${page.length} of ${totalCount} users`);
        }
        return true;
      } catch (error) {
        if (codeOf(error) === Code.RESOURCE_EXHAUSTED) return false;
        throw error;
      }
    },
    mixed: (index) => mixedCall(users, index),
    watch: () => users.watchUsers({}, { heartbeats: true }),
    uploadUsers: async (rows) => (await users.uploadUsers(rows, uploadOptions)).created,
  };
}

await run(({ port, connections }) => forEachConnection(connections, () => operations(port)));
