import {
  createFileRegistry,
  fromBinary,
  toBinary,
  type DescExtension,
  type DescFile,
  type FileRegistry,
} from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorSet,
} from "@bufbuild/protobuf/wkt";
import { descriptorSet as contractsDescriptorSet } from "@callwire/contracts/descriptor-set";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "@callwire/contracts/grpc/reflection/v1";
import { ServerReflectionDefinition as ServerReflectionV1AlphaDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";
import type { ServiceImplementation } from "@callwire/transport";
import { Status } from "nice-grpc-common";

/** Both versions of the service that {@link reflectionService} serves. */
export const reflectionDefinitions = [ServerReflectionDefinition, ServerReflectionV1AlphaDefinition] as const;

/**
 * Serves grpc.reflection.v1.ServerReflection, and v1alpha, whose messages are the same on the wire.
 *
 * @param descriptorSet A serialized google.protobuf.FileDescriptorSet of the services and of all that they import.
 * @param services The full names of the services to list.
 */
export function reflectionService(
  descriptorSet: Uint8Array,
  services: () => readonly string[],
): ServiceImplementation<ServerReflectionDefinition> &
  ServiceImplementation<ServerReflectionV1AlphaDefinition> {
  const registry = createFileRegistry(
    withStandardServices(fromBinary(FileDescriptorSetSchema, descriptorSet)),
  );
  const symbols = symbolsOf(registry);

  const answer = (request: ServerReflectionRequest): ServerReflectionResponse["messageResponse"] => {
    const wanted = request.messageRequest;
    switch (wanted?.$case) {
      case "listServices":
        return {
          $case: "listServicesResponse",
          value: { service: Array.from(services(), (name) => ({ name })) },
        };
      case "fileByFilename":
        return files(registry.getFile(wanted.value), `file '${wanted.value}'`);
      case "fileContainingSymbol":
        return files(symbols.get(wanted.value), `symbol '${wanted.value}'`);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = wanted.value;
        const extension = extensionsOf(registry, containingType).find(
          ({ number }) => number === extensionNumber,
        );
        return files(extension?.file, `extension ${extensionNumber} of '${containingType}'`);
      }
      case "allExtensionNumbersOfType": {
        if (!registry.getMessage(wanted.value)) return missing(`type '${wanted.value}'`);
        const extensionNumber = extensionsOf(registry, wanted.value).map(({ number }) => number);
        return {
          $case: "allExtensionNumbersResponse",
          value: { baseTypeName: wanted.value, extensionNumber },
        };
      }
      case undefined:
        return {
          $case: "errorResponse",
          value: { errorCode: Status.INVALID_ARGUMENT, errorMessage: "the request asks for nothing" },
        };
    }
  };

  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(request) };
      }
    },
  };
}

function missing(what: string): ServerReflectionResponse["messageResponse"] {
  return {
    $case: "errorResponse",
    value: { errorCode: Status.NOT_FOUND, errorMessage: `${what} is not known` },
  };
}

/** A file with all that it imports, the file first: a client need not ask again. */
function files(file: DescFile | undefined, what: string): ServerReflectionResponse["messageResponse"] {
  if (!file) return missing(what);
  const all = new Set<DescFile>([file]);
  for (const one of all) for (const dependency of one.dependencies) all.add(dependency);
  const fileDescriptorProto = Array.from(all, (one) => toBinary(FileDescriptorProtoSchema, one.proto));
  return { $case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function extensionsOf(registry: FileRegistry, typeName: string): DescExtension[] {
  return Array.from(registry)
    .filter((type) => type.kind === "extension")
    .filter((extension) => extension.extendee.typeName === typeName);
}

/** The file that declares each symbol: a type, a service, or a member of one like `pkg.Service.Method`. */
function symbolsOf(registry: FileRegistry): Map<string, DescFile> {
  const symbols = new Map<string, DescFile>();
  for (const type of registry) {
    const add = (scope: string, members: readonly { name: string }[]) => {
      for (const { name } of members) symbols.set(scope + name, type.file);
    };
    symbols.set(type.typeName, type.file);
    if (type.kind === "service") add(`${type.typeName}.`, type.methods);
    if (type.kind === "message") add(`${type.typeName}.`, [...type.fields, ...type.oneofs]);
    if (type.kind === "enum") {
      add(`${type.typeName}.`, type.values);
      // A value's full name is in the scope around its enum, as in C++.
      add(type.typeName.slice(0, type.typeName.lastIndexOf(".") + 1), type.values);
    }
  }
  return symbols;
}

/** Adds the files of health and reflection, which are served too, to a set that lacks them. */
function withStandardServices(set: FileDescriptorSet): FileDescriptorSet {
  const present = new Set(set.file.map((file) => file.name));
  const standard = fromBinary(FileDescriptorSetSchema, contractsDescriptorSet).file.filter(
    (file) => file.name.startsWith("grpc/") && !present.has(file.name),
  );
  return { ...set, file: [...set.file, ...standard] };
}
