import { descriptorSet as contractsDescriptorSet } from "@callwire/contracts/descriptor-set";
import {
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "@callwire/contracts/grpc/reflection/v1";
import { ServerReflectionDefinition as ServerReflectionV1AlphaDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";
import type { ServiceImplementation } from "@callwire/transport";
import { Status } from "nice-grpc-common";
import { readDescriptorSet, type DescriptorFile } from "./descriptor-files.js";

/** Both versions of the service that {@link reflectionService} serves. */
export const reflectionDefinitions = [ServerReflectionDefinition, ServerReflectionV1AlphaDefinition] as const;

/**
 * Serves grpc.reflection.v1.ServerReflection, and v1alpha, whose messages are the same on the wire.
 *
 * @param descriptorSet A serialized google.protobuf.FileDescriptorSet of the services and of all that they import. An import
 * that is not in it is an error.
 * @param services The full names of the services to list.
 */
export function reflectionService(
  descriptorSet: Uint8Array,
  services: () => readonly string[],
): ServiceImplementation<ServerReflectionDefinition> &
  ServiceImplementation<ServerReflectionV1AlphaDefinition> {
  const all = withStandardServices(readDescriptorSet(descriptorSet));
  const byName = new Map(all.map((file) => [file.name, file]));
  checkImports(byName);
  const bySymbol = new Map(all.flatMap((file) => file.symbols.map((symbol) => [symbol, file])));
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

function checkImports(byName: ReadonlyMap<string, DescriptorFile>): void {
  for (const { name, imports } of byName.values()) {
    const lacking = imports.find((imported) => !byName.has(imported));
    if (lacking !== undefined) {
      throw new Error(
        `reflection: the descriptor set lacks '${lacking}', which '${name}' imports: have it made with all imports`,
      );
    }
  }
}

/** Adds the files of health and reflection, which are served too, to a set that lacks them. */
function withStandardServices(files: DescriptorFile[]): DescriptorFile[] {
  const present = new Set(files.map(({ name }) => name));
  const standard = readDescriptorSet(contractsDescriptorSet).filter(
    ({ name }) => name.startsWith("grpc/") && !present.has(name),
  );
  return [...files, ...standard];
}
