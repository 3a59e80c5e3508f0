import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, jest, test } from "@jest/globals";
import { HealthCheckResponse_ServingStatus, HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { ResourceInfo, Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { Department, UserServiceDefinition } from "@callwire/contracts/users";
import { startServer } from "@callwire/testkit";
import { ServerError, Status } from "nice-grpc-common";

test("the example of fakes passes, as a program of its own", async () => {
  const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
  const hooks = new URL("../../server-kit/src/test-room/typescript-hooks.mjs", import.meta.url).href;
  const args = ["--import", hooks, path("../examples/fakes.ts")];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toMatch(/^. pass 2$/m);
});

const unused = async () => {
  throw new ServerError(Status.UNIMPLEMENTED, "not in this test");
};

test("the examples run and say what they should", async () => {
  const lines: unknown[] = [];
  using _log = jest.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
  await using server = await startServer((s) => {
    s.add(HealthDefinition, {
      check: async () => ({ status: HealthCheckResponse_ServingStatus.SERVING }),
      list: unused,
      // eslint-disable-next-line require-yield
      async *watch() {
        await unused();
      },
    });
    s.add(UserServiceDefinition, {
      createUser: async ({ name, department }) => ({ name, department }),
      async getUser({ id }, context) {
        const value = ResourceInfo.encode(ResourceInfo.fromPartial({ resourceName: id })).finish();
        const details = [{ typeUrl: "type.googleapis.com/google.rpc.ResourceInfo", value }];
        const status = RpcStatus.encode({ code: Status.NOT_FOUND, message: "", details }).finish();
        context.trailer.set("grpc-status-details-bin", status);
        throw new ServerError(Status.NOT_FOUND, "no user");
      },
      listUsers: async () => ({ users: [{ name: "Ada Lovelace", department: Department.ENGINEERING }] }),
      async *watchUsers() {
        yield { eventType: "heartbeat", resumeToken: "1" };
        yield { eventType: "created", user: { name: "Bob" }, resumeToken: "2" };
        yield { eventType: "deleted", user: { name: "Bob" }, resumeToken: "3" };
      },
      updateUser: unused,
      deleteUser: unused,
      uploadUsers: unused,
      // eslint-disable-next-line require-yield
      async *chat() {
        await unused();
      },
    });
  });
  process.env["USERS_ADDRESS"] = process.env["HEALTH_ADDRESS"] = server.address;
  await import("../examples/users.js");
  await import("../examples/watch.js");
  await import("../examples/any-service.js");
  await import("../examples/resume.js");
  expect(lines).toEqual([
    "created Ada Lovelace",
    "found Ada Lovelace",
    "no such user: nobody",
    "created Bob",
    "deleted Bob",
    "status 1",
    "resumable: heartbeat",
    "resumable: created",
    "resumable: deleted",
  ]);
});
