import { descriptorSet as contractsDescriptorSet } from "@callwire/contracts/descriptor-set";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import type {
  ServerReflectionDefinition,
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "@callwire/contracts/grpc/reflection/v1";
import type { ServerReflectionDefinition as ServerReflectionV1AlphaDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";
import type { ServiceImplementation } from "@callwire/transport/server";
import { Status } from "nice-grpc-common";
import { readDescriptorSet, type DescriptorFile } from "./descriptor-files.js";
import { reflectionDefinitions } from "./reflection-definitions.js";

const standardServices: readonly string[] = [
  HealthDefinition.fullName,
  ...reflectionDefinitions.map(({ fullName }) => fullName),
];

/**
 * Serves grpc.reflection.v1.ServerReflection, and v1alpha, whose messages are the same on the wire.
 *
 * @param descriptorSet A serialized google.protobuf.FileDescriptorSet of the services and of all that they import. Health,
 * reflection and protobuf's own files need not be in it.
 * @param services The full names of the services to list.
 * @throws {Error} if the bytes are none, or lack a service or an import.
 */
export function reflectionService(
  descriptorSet: Uint8Array,
  services: () => readonly string[],
): ServiceImplementation<ServerReflectionDefinition> &
  ServiceImplementation<ServerReflectionV1AlphaDefinition> {
  const all = withStandardFiles(readFiles(descriptorSet));
  const byName = new Map(all.map((file) => [file.name, file]));
  checkImports(byName);
  const bySymbol = new Map(all.flatMap((file) => file.symbols.map((symbol) => [symbol, file])));
  checkServices(services(), bySymbol);
  const messages = new Set(all.flatMap((file) => file.messages));
  const files = (file: DescriptorFile | undefined, wanted: string) =>
    file ? withImports(file, byName) : missing(wanted);

  const answer = (request: ServerReflectionRequest): ServerReflectionResponse["messageResponse"] => {
    const wanted = request.messageRequest;
    switch (wanted?.$case) {
      case "listServices":
        return {
          $case: "listServicesResponse",
          value: { service: Array.from(services(), (name) => ({ name })) },
        };
      case "fileByFilename":
        return files(byName.get(wanted.value), `file '${wanted.value}'`);
      case "fileContainingSymbol":
        return files(bySymbol.get(wanted.value), `symbol '${wanted.value}'`);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = wanted.value;
        const declaring = all.find(({ extensions }) =>
          extensions.some(
            ({ extendee, number }) => extendee === containingType && number === extensionNumber,
          ),
        );
        return files(declaring, `extension ${extensionNumber} of '${containingType}'`);
      }
      case "allExtensionNumbersOfType": {
        if (!messages.has(wanted.value)) return missing(`type '${wanted.value}'`);
        const extensionNumber = all
          .flatMap(({ extensions }) => extensions)
          .filter(({ extendee }) => extendee === wanted.value)
          .map(({ number }) => number);
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
function withImports(
  file: DescriptorFile,
  byName: ReadonlyMap<string, DescriptorFile>,
): ServerReflectionResponse["messageResponse"] {
  const files = new Set([file]);
  for (const { imports } of files) {
    for (const name of imports) {
      const imported = byName.get(name);
      if (imported) files.add(imported);
    }
  }
  return {
    $case: "fileDescriptorResponse",
    value: { fileDescriptorProto: Array.from(files, ({ bytes }) => bytes) },
  };
}

/** How a set is made, for errors. */
const HOW =
  "make it by 'buf build -o contract.binpb' or 'protoc --include_imports --descriptor_set_out=contract.binpb'";

function checkImports(byName: ReadonlyMap<string, DescriptorFile>): void {
  for (const { name, imports } of byName.values()) {
    const lacking = imports.find((imported) => !byName.has(imported));
    if (lacking !== undefined) {
      throw new Error(
        `reflection: the descriptor set lacks '${lacking}', which '${name}' imports: ${HOW}, with all imports`,
      );
    }
  }
}

/** What is listed must be described: a client stops at what it cannot ask about. */
function checkServices(services: readonly string[], bySymbol: ReadonlyMap<string, DescriptorFile>): void {
  const lacking = services.find((service) => !bySymbol.has(service));
  if (lacking === undefined) return;
  throw new Error(
    `reflection: the descriptor set lacks the service '${lacking}', which was added: ${HOW}, of the contract that has it`,
  );
}

function readFiles(descriptorSet: Uint8Array): DescriptorFile[] {
  try {
    const files = readDescriptorSet(descriptorSet);
    if (files.every(({ name }) => name !== "")) return files;
  } catch (cause) {
    throw new Error(`reflection is no serialized google.protobuf.FileDescriptorSet: ${HOW}`, { cause });
  }
  throw new Error(`reflection is no serialized google.protobuf.FileDescriptorSet: ${HOW}`);
}

/**
 * Adds the files of health and reflection, which are served too, to a set that lacks them, and those of protobuf that it imports
 * and lacks. Files of one name are one: sets are put together of several.
 */
function withStandardFiles(given: DescriptorFile[]): DescriptorFile[] {
  const files = new Map(given.map((file) => [file.name, file]));
  const symbols = new Set(given.flatMap((file) => file.symbols));
  const standard = new Map(readDescriptorSet(contractsDescriptorSet).map((file) => [file.name, file]));
  for (const file of standard.values()) {
    const served = file.symbols.some((symbol) => standardServices.includes(symbol));
    if (served && !file.symbols.some((symbol) => symbols.has(symbol))) files.set(file.name, file);
  }
  for (const { imports } of files.values()) {
    for (const name of imports) {
      const file = standard.get(name);
      if (file !== undefined && !files.has(name)) files.set(name, file);
    }
  }
  return [...files.values()];
}
