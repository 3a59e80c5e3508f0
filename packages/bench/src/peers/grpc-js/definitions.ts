import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { BlobServiceDefinition } from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";

interface MessageType {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

interface Definition {
  fullName: string;
  methods: Record<
    string,
    {
      name: string;
      requestType: MessageType;
      requestStream: boolean;
      responseType: MessageType;
      responseStream: boolean;
    }
  >;
}

/** grpc-js's form of a definition, with the code that ts-proto makes for grpc-js: no copy that it does not make. */
function grpcJsDefinition(definition: Definition): ServiceDefinition {
  const entries = Object.entries(definition.methods).map(([key, method]) => {
    const { requestType, responseType, requestStream, responseStream } = method;
    const form: MethodDefinition<unknown, unknown> = {
      path: `/${definition.fullName}/${method.name}`,
      requestStream,
      responseStream,
      requestSerialize: serializer(requestType),
      requestDeserialize: (bytes) => requestType.decode(bytes),
      responseSerialize: serializer(responseType),
      responseDeserialize: (bytes) => responseType.decode(bytes),
    };
    return [key, form] as const;
  });
  return Object.fromEntries(entries);
}

function serializer(type: MessageType): (message: unknown) => Buffer {
  return (message) => {
    const { buffer, byteOffset, byteLength } = type.encode(message as never).finish();
    return Buffer.from(buffer, byteOffset, byteLength);
  };
}

export const usersDefinition = grpcJsDefinition(UserServiceDefinition);
export const blobDefinition = grpcJsDefinition(BlobServiceDefinition);
