import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_descriptor,
} from "@bufbuild/protobuf/wkt";
import { descriptorSet } from "@callwire/contracts/descriptor-set";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
} from "@callwire/contracts/grpc/reflection/v1";
import { ServerReflectionDefinition as V1Alpha } from "@callwire/contracts/grpc/reflection/v1alpha";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createChannel, createClient } from "nice-grpc";
import { Status } from "nice-grpc-common";
import { createServer } from "../create-server.js";
import { startEcho } from "../test-room/echo-server.js";
import { failure } from "../test-room/errors.js";
import { runtimes } from "../test-room/runtimes.js";

type Question = NonNullable<ServerReflectionRequest["messageRequest"]>;

describe.each(runtimes)("over %s", (_name, runtime) => {
  describe.each([
    ["v1", ServerReflectionDefinition],
    ["v1alpha", V1Alpha],
  ] as const)("%s", (_version, definition) => {
    const ask = (...questions: (Question | undefined)[]) => askOf(descriptorSet, ...questions);
    const askOf = async (reflection: Uint8Array, ...questions: (Question | undefined)[]) => {
      const server = createServer({ runtime, reflection });
      const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
      // The messages of both versions are the same.
      const client = createClient(definition as typeof ServerReflectionDefinition, channel);
      const requests = (async function* () {
        for (const messageRequest of questions) yield { host: "h", messageRequest };
      })();
      const answers: unknown[] = [];
      for await (const { messageResponse, validHost, originalRequest } of client.serverReflectionInfo(
        requests,
      )) {
        expect(validHost).toBe("h");
        expect(originalRequest?.messageRequest).toEqual(questions[answers.length]);
        answers.push(
          messageResponse?.$case === "fileDescriptorResponse"
            ? messageResponse.value.fileDescriptorProto.map(
                (file) => fromBinary(FileDescriptorProtoSchema, file).name,
              )
            : messageResponse?.value,
        );
      }
      channel.close();
      server.forceShutdown();
      return answers;
    };

    test("lists the services", async () => {
      const [list] = await ask({ $case: "listServices", value: "*" });
      expect(list).toEqual({
        service: [
          "grpc.health.v1.Health",
          "grpc.reflection.v1.ServerReflection",
          "grpc.reflection.v1alpha.ServerReflection",
        ].map((name) => ({ name })),
      });
    });

    test("finds a file by its name, with all that it imports", async () => {
      const [files] = await ask({ $case: "fileByFilename", value: "users/user_service.proto" });
      expect(files).toEqual([
        "users/user_service.proto",
        "google/api/annotations.proto",
        "google/protobuf/field_mask.proto",
        "google/protobuf/timestamp.proto",
        "google/api/http.proto",
        "google/protobuf/descriptor.proto",
      ]);
    });

    test.each([
      "users.UserService",
      "users.UserService.GetUser",
      "users.User",
      "users.User.email",
      "users.Department",
      "users.ENGINEERING",
      "users.Department.ENGINEERING",
    ])("finds the file of %s", async (value) => {
      const [files] = await ask({ $case: "fileContainingSymbol", value });
      expect(files).toContain("users/user_service.proto");
    });

    test("finds the file of a nested type", async () => {
      const [files] = await ask({
        $case: "fileContainingSymbol",
        value: "grpc.health.v1.HealthCheckResponse.ServingStatus",
      });
      expect(files).toHaveLength(1);
    });

    test("finds extensions, and the file of one", async () => {
      const { proto } = file_google_protobuf_descriptor;
      const extendee = "google.protobuf.FileOptions";
      const mine = {
        name: "mine.proto",
        dependency: [proto.name],
        extension: [{ name: "mark", extendee: `.${extendee}`, number: 50_001 }],
      };
      const set = create(FileDescriptorSetSchema, { file: [proto, mine] });
      const answers = await askOf(
        toBinary(FileDescriptorSetSchema, set),
        { $case: "allExtensionNumbersOfType", value: extendee },
        { $case: "fileContainingExtension", value: { containingType: extendee, extensionNumber: 50_001 } },
        { $case: "fileContainingSymbol", value: "mark" },
      );
      expect(answers).toEqual([
        { baseTypeName: extendee, extensionNumber: [50_001] },
        ["mine.proto", proto.name],
        ["mine.proto", proto.name],
      ]);
    });

    test("says what it does not know, and goes on", async () => {
      const answers = await ask(
        { $case: "fileContainingSymbol", value: "users.Nothing" },
        { $case: "fileContainingSymbol", value: "" },
        { $case: "fileByFilename", value: "no/such.proto" },
        { $case: "fileContainingExtension", value: { containingType: "users.User", extensionNumber: 100 } },
        { $case: "allExtensionNumbersOfType", value: "users.Nothing" },
      );
      for (const answer of answers) expect(answer).toMatchObject({ errorCode: Status.NOT_FOUND });
      expect(answers).toHaveLength(5);
      const [empty, extensions] = await ask(undefined, {
        $case: "allExtensionNumbersOfType",
        value: "users.User",
      });
      expect(empty).toMatchObject({ errorCode: Status.INVALID_ARGUMENT });
      expect(extensions).toEqual({ baseTypeName: "users.User", extensionNumber: [] });
    });
  });

  test("a set that lacks an import is refused when the server starts, by name", async () => {
    const set = create(FileDescriptorSetSchema, { file: [{ name: "a.proto", dependency: ["b.proto"] }] });
    const server = createServer({ runtime, reflection: toBinary(FileDescriptorSetSchema, set) });
    await expect(server.listen("127.0.0.1:0")).rejects.toThrow("lacks 'b.proto', which 'a.proto' imports");
    server.forceShutdown();
  });

  test("is not there unless asked for", async () => {
    await using echo = await startEcho({ runtime });
    const channel = createChannel(echo.address);
    const client = createClient(ServerReflectionDefinition, channel);
    const failed = await failure(async (options) => {
      for await (const _ of client.serverReflectionInfo((async function* () {})(), options));
    });
    expect(failed.code).toBe(Status.UNIMPLEMENTED);
    channel.close();
  });
});

describe.each(runtimes)("a contract of one's own over %s", (_name, runtime) => {
  /** The names that reflection lists, and the symbols in what it says of each. */
  async function described(reflection: Uint8Array | string | URL): Promise<Record<string, string[]>> {
    const server = createServer({ runtime, reflection }).add(EchoServiceDefinition, echoService());
    const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    try {
      const client = createClient(ServerReflectionDefinition, channel);
      const ask = async (messageRequest: Question) => {
        const requests = (async function* () {
          yield { messageRequest };
        })();
        for await (const { messageResponse } of client.serverReflectionInfo(requests)) return messageResponse;
        throw new Error("there was no answer");
      };
      const list = await ask({ $case: "listServices", value: "*" });
      if (list?.$case !== "listServicesResponse") throw new Error("there was no list");
      const answers: Record<string, string[]> = {};
      for (const { name } of list.value.service) {
        const answer = await ask({ $case: "fileContainingSymbol", value: name });
        if (answer?.$case !== "fileDescriptorResponse") throw new Error(`${name} cannot be described`);
        const files = answer.value.fileDescriptorProto.map((file) =>
          fromBinary(FileDescriptorProtoSchema, file),
        );
        answers[name] = files.flatMap((file) =>
          file.service.map((service) => `${file.package}.${service.name}`),
        );
        // grpcurl links what it gets.
        const names = files.map((file) => file.name);
        for (const file of files) expect(names).toEqual(expect.arrayContaining(file.dependency));
      }
      return answers;
    } finally {
      channel.close();
      server.forceShutdown();
    }
  }

  const folder = mkdtempSync(join(tmpdir(), "callwire-reflection-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "echo.binpb");
  beforeAll(() => {
    const buf = fileURLToPath(new URL("../../../../node_modules/.bin/buf", import.meta.url));
    const proto = fileURLToPath(new URL("../../../testkit/proto", import.meta.url));
    execFileSync(buf, ["build", proto, "-o", path]);
  });

  test.each<[string, () => Uint8Array | string | URL]>([
    ["bytes", () => readFileSync(path)],
    ["a path", () => path],
    ["a URL", () => pathToFileURL(path)],
    ["a set that has the standard services too", () => Buffer.concat([readFileSync(path), descriptorSet])],
    ["a set twice", () => Buffer.concat([readFileSync(path), readFileSync(path)])],
  ])("what is listed can be described: %s", async (_what, make) => {
    expect(await described(make())).toEqual({
      "callwire.echo.v1.EchoService": ["callwire.echo.v1.EchoService"],
      "grpc.health.v1.Health": ["grpc.health.v1.Health"],
      "grpc.reflection.v1.ServerReflection": ["grpc.reflection.v1.ServerReflection"],
      "grpc.reflection.v1alpha.ServerReflection": ["grpc.reflection.v1alpha.ServerReflection"],
    });
  });

  test.each<[string, () => Uint8Array | string, string]>([
    [
      "no service of ours",
      () => descriptorSet,
      "lacks the service 'callwire.echo.v1.EchoService', which was added",
    ],
    ["nothing", () => new Uint8Array(), "lacks the service"],
    [
      "a contract's text",
      () => Buffer.from('syntax = "proto3";'),
      "no serialized google.protobuf.FileDescriptorSet",
    ],
    ["JSON", () => Buffer.from('{"file": []}'), "no serialized google.protobuf.FileDescriptorSet"],
    ["a path that is none", () => join(folder, "nowhere.binpb"), "nowhere.binpb cannot be read"],
  ])("a set of %s stops the start", async (_what, make, message) => {
    await expect(described(make())).rejects.toThrow(message);
    await expect(described(make())).rejects.toThrow(/^cannot listen on /);
  });
});
