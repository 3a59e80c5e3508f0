import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { CreateUserRequest } from "@callwire/contracts/users";
import { forEachConnection, type Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { BlobService } from "../../gen/es/callwire/bench/v1/blob_service_pb.js";
import { UserService } from "../../gen/es/users/user_service_pb.js";

function operations(port: number, ca: Buffer | undefined): Operations {
  const transport = createGrpcTransport({
    baseUrl: `${ca === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    nodeOptions: ca === undefined ? {} : { ca },
    acceptCompression: [],
  });
  const users = createClient(UserService, transport);
  const blobs = createClient(BlobService, transport);
  return {
    getUser: (id) => users.getUser({ id }),
    createUser: (user: CreateUserRequest) => users.createUser(user),
    listUsers: async (pageSize) => (await users.listUsers({ pageSize })).users,
    replay: (count) => users.watchUsers({ resumeToken: String(count) }),
    watch: () => users.watchUsers({}),
    uploadUsers: async (rows) => (await users.uploadUsers(rows)).created,
    chat: (messages) => users.chat(messages),
    exchange: async (data) => (await blobs.exchange({ data })).data,
    async *download(size, count) {
      for await (const { data } of blobs.download({ size, count })) yield data.length;
    },
    upload: async (data, count) =>
      Number((await blobs.upload(repeated(data as Uint8Array<ArrayBuffer>, count))).size),
  };
}

async function* repeated(
  data: Uint8Array<ArrayBuffer>,
  count: number,
): AsyncGenerator<{ data: Uint8Array<ArrayBuffer> }, void, undefined> {
  for (let sent = 0; sent < count; sent++) yield { data };
}

await run(({ port, ca, connections }) => forEachConnection(connections, () => operations(port, ca)));
