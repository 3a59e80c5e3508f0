// connect-es over gRPC, with protobuf-es's generated code. Compression is off, as it is for every other peer; else the
// defaults.
import { createServer as createHttp2Server, createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { User as TsProtoUser, UserEvent, type CreateUserRequest } from "@callwire/contracts/users";
import { BlobService, DownloadResponseSchema } from "../../gen/es/callwire/bench/v1/blob_service_pb.js";
import { UserEventSchema, UserSchema, UserService, type User } from "../../gen/es/users/user_service_pb.js";
import { blob, USER_COUNT } from "../../service/data.js";
import { Directory, replayCount } from "../../service/directory.js";
import { serve } from "../../service/serve.js";

const directory = new Directory();
/** The directory's users and events in protobuf-es's form, made beforehand as the others' are. */
const users = directory.users.map(esUser);
const byId = new Map(users.map((user) => [user.id, user]));
const past = directory.past.map(esEvent);

function esUser(user: TsProtoUser): User {
  return fromBinary(UserSchema, TsProtoUser.encode(user).finish());
}

function esEvent(event: UserEvent) {
  return fromBinary(UserEventSchema, UserEvent.encode(event).finish());
}

function routes(router: ConnectRouter): void {
  router.service(UserService, {
    getUser({ id }) {
      const user = byId.get(id);
      if (user === undefined) throw new ConnectError("no such user", Code.NotFound);
      return user;
    },
    createUser({ name, email, age, department, roles, requestId }) {
      const request: CreateUserRequest = { name, email, age, department, roles, requestId };
      const { createdAt, ...user } = directory.create(request);
      return { ...user, updatedAt: undefined, createdAt: timestamp(createdAt!) };
    },
    listUsers({ pageSize }) {
      return { users: users.slice(0, pageSize), nextPageToken: "", totalCount: users.length };
    },
    async *watchUsers({ resumeToken }) {
      const count = replayCount(resumeToken);
      if (count === undefined) for await (const event of directory.log.follow()) yield esEvent(event);
      else for (let index = 0; index < count; index++) yield past[index % USER_COUNT]!;
    },
    async uploadUsers(rows) {
      let created = 0;
      for await (const row of rows) if (row.name !== "") created++;
      return { created, failed: 0, errors: [] };
    },
    async *chat(messages) {
      for await (const message of messages) yield message;
    },
  });
  router.service(BlobService, {
    exchange: ({ data }) => ({ data }),
    async *download({ size, count }) {
      const message = create(DownloadResponseSchema, { data: new Uint8Array(blob(size)) });
      for (let sent = 0; sent < count; sent++) yield message;
    },
    async upload(parts) {
      let size = 0;
      for await (const { data } of parts) size += data.length;
      return { size: BigInt(size) };
    },
  });
}

function timestamp(date: Date): { seconds: bigint; nanos: number } {
  const ms = date.getTime();
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
}

await serve(async (tls) => {
  const handler = connectNodeAdapter({ routes, acceptCompression: [] });
  const server = tls ? createSecureServer(tls, handler) : createHttp2Server(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
});
