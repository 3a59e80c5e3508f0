import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "@callwire/contracts/grpc/reflection/v1";
import { ServerReflectionDefinition as ServerReflectionV1AlphaDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";
import { createClient, type Channel } from "@callwire/transport";
import { ClientError, Status } from "nice-grpc-common";
import { FileDescriptorProto, FileDescriptorSet } from "../descriptors/gen/google/protobuf/descriptor.js";

/** The time that a server may take for one answer of reflection to a gateway, in milliseconds. */
export const REFLECTION_TIMEOUT_MS = 10_000;

/** Bounds of what a server may say of itself. */
export interface ReflectionLimits {
  /** The files of its contract. */
  readonly maxFiles: number;
  /** The bytes of all of them, as they come. */
  readonly maxBytes: number;
}

/** The contract of a large company has some thousands of files. */
const defaultLimits: ReflectionLimits = { maxFiles: 10_000, maxBytes: 64 * 1024 * 1024 };

type Question = NonNullable<ServerReflectionRequest["messageRequest"]>;
type Answer = ServerReflectionResponse["messageResponse"];

/** What a server says of itself. */
export interface Reflected {
  /** The contract: a serialized google.protobuf.FileDescriptorSet. */
  readonly descriptorSet: Uint8Array;
  /** The full names of the services that the server lists, but for that of reflection. */
  readonly services: readonly string[];
}

/**
 * Asks a server for its contract, by grpc.reflection.v1.ServerReflection or by v1alpha.
 *
 * @param wanted The full names of services; empty for all that it lists.
 * @throws {Error} if it does not answer, has no reflection, does not describe a service, or has more than the limits allow.
 */
export async function reflect(
  channel: Channel,
  wanted: readonly string[],
  limits = defaultLimits,
): Promise<Reflected> {
  for (const definition of [ServerReflectionDefinition, ServerReflectionV1AlphaDefinition]) {
    // The messages of both versions are the same.
    const ask = questions(definition as typeof ServerReflectionDefinition, channel);
    try {
      const listed = await ask({ $case: "listServices", value: "*" });
      if (listed?.$case !== "listServicesResponse")
        throw new Error("the server's reflection lists no services");
      const names = listed.value.service.map(({ name }) => name);
      return await describe(
        ask,
        names.filter((name) => !name.startsWith("grpc.reflection.")),
        wanted,
        limits,
      );
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.code !== Status.UNIMPLEMENTED) throw new Error(failure(error), { cause: error });
    }
  }
  throw new Error(
    "the server has no reflection: give its contract by --descriptors, or switch reflection on",
  );
}

/** A function that asks a server one question. */
function questions(definition: typeof ServerReflectionDefinition, channel: Channel) {
  const client = createClient(definition, channel);
  return async (messageRequest: Question): Promise<Answer> => {
    const request = (async function* () {
      yield { messageRequest };
    })();
    const options = { timeoutMs: REFLECTION_TIMEOUT_MS };
    for await (const { messageResponse } of client.serverReflectionInfo(request, options))
      return messageResponse;
    return undefined;
  };
}

async function describe(
  ask: (question: Question) => Promise<Answer>,
  services: readonly string[],
  wanted: readonly string[],
  { maxFiles, maxBytes }: ReflectionLimits,
): Promise<Reflected> {
  const files = new Map<string, FileDescriptorProto>();
  let size = 0;
  const add = async (question: Question & { value: string }): Promise<void> => {
    const answer = await ask(question);
    if (answer?.$case !== "fileDescriptorResponse") {
      const why = answer?.$case === "errorResponse" ? `: ${answer.value.errorMessage}` : "";
      const advice = "give its contract by --descriptors, or other services by --service";
      throw new Error(`the server's reflection does not describe ${question.value}${why}; ${advice}`);
    }
    for (const bytes of answer.value.fileDescriptorProto) {
      size += bytes.length;
      const file = FileDescriptorProto.decode(bytes);
      files.set(file.name ?? "", file);
      if (files.size > maxFiles || size > maxBytes)
        throw new Error(
          `the server's reflection has more than ${maxFiles} files, or ${maxBytes} bytes: give its contract by --descriptors`,
        );
    }
  };
  for (const name of services) {
    if (wanted.length === 0 || wanted.includes(name))
      await add({ $case: "fileContainingSymbol", value: name });
  }
  // Some servers send what a file imports along with it, and some do not. A Map's loop sees what is added meanwhile.
  for (const { dependency } of files.values()) {
    for (const name of dependency) if (!files.has(name)) await add({ $case: "fileByFilename", value: name });
  }
  return { descriptorSet: FileDescriptorSet.encode({ file: [...files.values()] }).finish(), services };
}

function failure({ code, details }: ClientError): string {
  const said = `${Status[code]}: ${details}`;
  return code === Status.UNAVAILABLE || code === Status.DEADLINE_EXCEEDED
    ? `no gRPC server answers there (${said}): start it, and look at the address and at --tls`
    : `the server refuses to describe itself (${said}): give its contract by --descriptors`;
}
