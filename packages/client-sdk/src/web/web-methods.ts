import type { CompatServiceDefinition } from "@callwire/transport/seam";
import type { MethodDescriptor } from "nice-grpc-common";

/** A method of a service, and the codecs of its messages. */
export interface WebMethod {
  name: string;
  descriptor: MethodDescriptor;
  encode(message: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** A method of a definition, of either form: as code is generated, or with functions that serialize. */
interface AnyMethod extends Omit<MethodDescriptor, "options"> {
  /** Definitions of grpc-js have none. */
  options?: MethodDescriptor["options"];
  name: string;
  requestType?: {
    encode(message: unknown): { finish(): Uint8Array };
    fromPartial?(message: unknown): unknown;
  };
  responseType?: { decode(bytes: Uint8Array): unknown };
  requestSerialize(message: unknown): Uint8Array;
  responseDeserialize(bytes: Uint8Array): unknown;
}

/** The methods of a definition, of either form. */
export function webMethodsOf(definition: CompatServiceDefinition): WebMethod[] {
  const { fullName, methods } = definition as { fullName?: unknown; methods?: object };
  const isGenerated = typeof fullName === "string";
  const entries = Object.entries(isGenerated ? methods! : definition) as [string, AnyMethod][];
  return entries.map(([name, method]) => {
    const { requestStream, responseStream, options = {}, requestType, responseType } = method;
    const path = isGenerated ? `/${fullName}/${method.name}` : method.path;
    return {
      name,
      descriptor: { path, requestStream, responseStream, options },
      encode: (message) =>
        requestType
          ? requestType.encode(requestType.fromPartial?.(message) ?? message).finish()
          : method.requestSerialize(message),
      decode: (bytes) => (responseType ? responseType.decode(bytes) : method.responseDeserialize(bytes)),
    };
  });
}
