import type { Client } from "nice-grpc";
import type { UserServiceDefinition } from "@callwire/contracts/users";
import type { Operations } from "../client/job.js";
import type { BlobServiceDefinition } from "../gen/ts-proto/callwire/bench/v1/blob_service.js";

type UsersClient = Pick<
  Client<UserServiceDefinition>,
  "getUser" | "createUser" | "listUsers" | "watchUsers" | "uploadUsers" | "chat"
>;
type BlobClient = Client<BlobServiceDefinition>;

/** The operations of clients of nice-grpc's shape, as callwire's are too. */
export function operations(users: UsersClient, blobs: BlobClient): Operations {
  return {
    getUser: (id) => users.getUser({ id }),
    createUser: (user) => users.createUser(user),
    listUsers: async (pageSize) => (await users.listUsers({ pageSize })).users,
    replay: (count) => users.watchUsers({ resumeToken: String(count) }),
    watch: () => users.watchUsers({}),
    uploadUsers: async (rows) => (await users.uploadUsers(rows)).created,
    chat: (messages) => users.chat(messages),
    exchange: async (data) => (await blobs.exchange({ data })).data,
    async *download(size, count) {
      for await (const { data } of blobs.download({ size, count })) yield data.length;
    },
    upload: async (data, count) => Number((await blobs.upload(repeated(data, count))).size),
  };
}

async function* repeated(data: Buffer, count: number): AsyncGenerator<{ data: Buffer }, void, undefined> {
  for (let sent = 0; sent < count; sent++) yield { data };
}
