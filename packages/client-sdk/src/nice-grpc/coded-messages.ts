import { type Method, serialize } from "@callwire/transport/client";
import { type MethodDescriptor, Status } from "nice-grpc-common";
import { clientError } from "../internal/client-errors.js";
import { errorText } from "../internal/error-text.js";

/** Encodes and decodes the messages of calls, before and after nice-grpc. */
export interface MessageCoder {
  /** The bytes of a request. Throws INTERNAL if it cannot be encoded. */
  encode(method: MethodDescriptor, message: unknown): unknown;
  /** The message of a response. Throws INTERNAL if the bytes cannot be decoded. */
  decode(method: MethodDescriptor, bytes: unknown): unknown;
}

/**
 * Codes messages as the transport does: grpc-js says of one that it cannot code only part of the reason, and an error that is
 * no Error ends the process.
 */
export function messageCoder(methods: readonly Method[]): MessageCoder {
  const byPath = new Map(methods.map((method) => [method.descriptor.path, method]));
  return {
    encode({ path }, message) {
      try {
        return serialize(byPath.get(path)!.request, message);
      } catch (error) {
        const { cause } = error as Error;
        const why = `a message cannot be encoded: ${errorText(cause)}`;
        throw clientError(path, Status.INTERNAL, why, "local", cause);
      }
    },
    decode({ path }, bytes) {
      const buffer = bytes as Buffer;
      try {
        return byPath.get(path)!.response.decode(buffer, 0, buffer.length);
      } catch (error) {
        const why = `a response message cannot be decoded: ${errorText(error)}`;
        throw clientError(path, Status.INTERNAL, why, "local", error);
      }
    },
  };
}
