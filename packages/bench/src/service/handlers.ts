import { ServerError, Status } from "nice-grpc-common";
import type { ServiceImplementation } from "nice-grpc";
import type { UserServiceDefinition } from "@callwire/contracts/users";
import type { BlobServiceDefinition } from "../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { blob } from "./data.js";
import { replayCount, type Directory } from "./directory.js";

/** The handlers that callwire and nice-grpc serve: the very same ones. */
export function usersHandlers(directory: Directory): ServiceImplementation<UserServiceDefinition> {
  const unimplemented = async (): Promise<never> => {
    throw new ServerError(Status.UNIMPLEMENTED, "not measured");
  };
  return {
    async getUser({ id }) {
      const user = directory.get(id);
      if (user === undefined) throw new ServerError(Status.NOT_FOUND, "no such user");
      return user;
    },
    async createUser(request) {
      return directory.create(request);
    },
    async listUsers({ pageSize }) {
      return { users: directory.page(pageSize), nextPageToken: "", totalCount: directory.users.length };
    },
    async *watchUsers({ resumeToken }) {
      const count = replayCount(resumeToken);
      if (count === undefined) yield* directory.log.follow();
      else yield* directory.replay(count);
    },
    async uploadUsers(rows) {
      let created = 0;
      for await (const row of rows) if (row.name !== "") created++;
      return { created, failed: 0, errors: [] };
    },
    async *chat(messages) {
      for await (const message of messages) yield message;
    },
    updateUser: unimplemented,
    deleteUser: unimplemented,
  };
}

/** The handlers of the service of bytes. */
export const blobHandlers: ServiceImplementation<BlobServiceDefinition> = {
  async exchange({ data }) {
    return { data };
  },
  async *download({ size, count }) {
    const message = { data: blob(size) };
    for (let sent = 0; sent < count; sent++) yield message;
  },
  async upload(parts) {
    let size = 0;
    for await (const { data } of parts) size += data.length;
    return { size: BigInt(size) };
  },
};
