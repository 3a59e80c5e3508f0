import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { createClient } from "@callwire/client-sdk";
import { CallError, createUsersClient, Status } from "@callwire/client-sdk/users";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
} from "@callwire/contracts/grpc/reflection/v1";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { testCertificates } from "@callwire/testkit";
import { grpcJsClient, unary } from "./grpc-js-client.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService } from "./users-service-process.js";

/** The rows of a batch of an upload, and one more when `wait` is over. */
async function* rows(wait: () => Promise<unknown>) {
  for (let row = 0; row < 500; row++) yield { name: "Row", email: `row${row}@example.com` };
  await wait();
  yield { name: "Last", email: "last@example.com" };
}

async function toItsEnd(stream: AsyncIterator<unknown>): Promise<void> {
  while (!(await stream.next()).done);
}

describe("a stop by SIGTERM", () => {
  test("ends watches with UNAVAILABLE, lets an upload finish, and keeps what it acknowledged", async () => {
    using folder = temporaryFolder();
    const database = ["--database", join(folder.path, "users.db")];
    await using service = await startUsersService(database);
    await using client = createClient(UserServiceDefinition, { address: service.address });

    const watchEnded = new AbortController();
    const events = client.watchUsers({})[Symbol.asyncIterator]();
    await events.next();
    const uploading = client.uploadUsers(rows(() => once(watchEnded.signal, "abort")));
    // An event of its first batch says that the upload has arrived.
    await events.next();

    const stopped = service.stop("SIGTERM");
    await expect(toItsEnd(events)).rejects.toMatchObject({
      code: Status.UNAVAILABLE,
      details: { errorInfo: { reason: "SERVER_STOPPING" } },
    });
    watchEnded.abort();
    expect(await uploading).toMatchObject({ created: 501, failed: 0 });
    const { code, stdout } = await stopped;
    expect(code).toBe(0);
    expect(stdout).toMatch(/"forced":false,"cutOff":\[\],"msg":"stopped"/);

    await using successor = await startUsersService(database);
    await using users = createUsersClient({ address: successor.address });
    expect(await users.listUsers({})).toMatchObject({ totalCount: 501 });
  });

  test("cuts off what does not end in time", async () => {
    await using service = await startUsersService(["--shutdown-timeout-ms", "50"]);
    await using users = createUsersClient({ address: service.address, retry: false });
    const events = users.watchUsers({})[Symbol.asyncIterator]();
    const event = events.next();
    const failure = users.uploadUsers(rows(() => new Promise(() => {}))).catch((error: unknown) => error);
    await event;
    await events.return?.();
    const { code, stdout } = await service.stop("SIGTERM");
    expect(code).toBe(0);
    expect(stdout).toMatch(/"forced":true,"cutOff":\["\/users.UserService\/UploadUsers"\],"msg":"stopped"/);
    expect(await failure).toBeInstanceOf(CallError);
  });
});

test("TLS and tokens let known callers in from the network, and nobody else", async () => {
  using folder = temporaryFolder();
  const { ca, server, client, stranger } = await testCertificates();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder.path, name), content);
    return join(folder.path, name);
  };
  const tls = ["--tls-cert", file("cert.pem", server.cert), "--tls-key", file("key.pem", server.key)];
  const totalCount = async (address: string, options: Partial<Parameters<typeof createUsersClient>[0]>) => {
    await using users = createUsersClient({ address, retry: false, timeoutMs: 5_000, ...options });
    return await users.listUsers({}).then(
      (page) => page.totalCount,
      ({ code }: CallError) => Status[code],
    );
  };

  const tokens = file("tokens", "shop token-of-the-shop\n");
  await using withTokens = await startUsersService([
    ...tls,
    "--address",
    "0.0.0.0:0",
    "--tokens-file",
    tokens,
  ]);
  const tokenAddress = withTokens.address.replace("0.0.0.0", "localhost");
  expect(await totalCount(tokenAddress, { tls: { ca }, token: "token-of-the-shop" })).toBe(0);
  expect(await totalCount(tokenAddress, { tls: { ca } })).toBe("UNAUTHENTICATED");
  expect(await totalCount(tokenAddress, { tls: true, token: "token-of-the-shop" })).toBe("UNAVAILABLE");
  expect(await totalCount(tokenAddress, {})).toBe("UNAVAILABLE");

  const clientCa = file("ca.pem", ca);
  await using mutual = await startUsersService([
    ...tls,
    "--address",
    "0.0.0.0:0",
    "--tls-client-ca",
    clientCa,
  ]);
  const mutualAddress = mutual.address.replace("0.0.0.0", "localhost");
  expect(await totalCount(mutualAddress, { tls: { ca, ...client } })).toBe(0);
  expect(await totalCount(mutualAddress, { tls: { ca, ...stranger } })).toBe("UNAVAILABLE");
  expect(await totalCount(mutualAddress, { tls: { ca } })).toBe("UNAVAILABLE");

  // Beyond this machine, the contract is shown only when that is asked for.
  await using reflection = createClient(ServerReflectionDefinition, {
    address: mutualAddress,
    tls: { ca, ...client },
  });
  const answer = reflection.serverReflectionInfo(asked({ $case: "listServices", value: "" }));
  await expect(answer[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Status.UNIMPLEMENTED });
});

test("a renewed certificate is taken while the service runs", async () => {
  using folder = temporaryFolder();
  const [old, renewed] = [await testCertificates(), await testCertificates()];
  const path = (name: string) => join(folder.path, name);
  const write = ({ server }: typeof old) => {
    writeFileSync(path("key.pem"), server.key);
    writeFileSync(path("cert.pem"), server.cert);
  };
  write(old);
  await using service = await startUsersService([
    "--tls-cert",
    path("cert.pem"),
    "--tls-key",
    path("key.pem"),
  ]);
  const list = async (ca: string) => {
    await using users = createUsersClient({ address: service.address, tls: { ca }, timeoutMs: 5_000 });
    return await users.listUsers({});
  };
  expect(await list(old.ca)).toMatchObject({ totalCount: 0 });
  write(renewed);
  await service.logged("the renewed certificate is in use");
  expect(await list(renewed.ca)).toMatchObject({ totalCount: 0 });
  await expect(list(old.ca)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
});

describe("the standard services", () => {
  test("health knows the server and its services", async () => {
    await using service = await startUsersService();
    await using health = createClient(HealthDefinition, { address: service.address });
    const serving = 1;
    expect(await health.check({})).toMatchObject({ status: serving });
    expect(await health.check({ service: "users.UserService" })).toMatchObject({ status: serving });
    await expect(health.check({ service: "nobody" })).rejects.toMatchObject({ code: Status.NOT_FOUND });
  });

  test("a grpc-js client made of nothing but what reflection tells calls the service", async () => {
    await using service = await startUsersService();
    await using reflection = createClient(ServerReflectionDefinition, { address: service.address });
    const files: Uint8Array[] = [];
    const services: string[] = [];
    const questions = asked(
      { $case: "listServices", value: "" },
      { $case: "fileContainingSymbol", value: "users.UserService" },
    );
    for await (const { messageResponse } of reflection.serverReflectionInfo(questions)) {
      if (messageResponse?.$case === "listServicesResponse") {
        services.push(...messageResponse.value.service.map(({ name }) => name));
      } else if (messageResponse?.$case === "fileDescriptorResponse") {
        files.push(...messageResponse.value.fileDescriptorProto);
      }
    }
    expect(services).toEqual(expect.arrayContaining(["users.UserService", "grpc.health.v1.Health"]));

    const client = grpcJsClient(
      loadFileDescriptorSetFromBuffer(fileDescriptorSet(files), { keepCase: true, enums: String }),
      service.address,
    );
    try {
      const request = { name: "Ada", email: "ada@example.com", department: "ENGINEERING", roles: ["admin"] };
      const created = await unary(client, client.createUser, request);
      expect(created).toMatchObject(request);
      const found = unary(client, client.getUser, { id: "nobody" });
      await expect(found).rejects.toMatchObject({ code: status.NOT_FOUND });
    } finally {
      client.close();
    }
  });
});

type Question = NonNullable<ServerReflectionRequest["messageRequest"]>;

async function* asked(...questions: Question[]) {
  for (const messageRequest of questions) yield { messageRequest };
}

/** A google.protobuf.FileDescriptorSet: its only field, number 1, is each file, with its length before it. */
function fileDescriptorSet(files: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    files.flatMap((file) => {
      const prefix = [0x0a];
      let length = file.length;
      for (; length > 0x7f; length >>>= 7) prefix.push((length & 0x7f) | 0x80);
      prefix.push(length);
      return [Buffer.from(prefix), file];
    }),
  );
}
