import { ProtobufError, Writer } from "@callwire/protobuf";
import { Status, type ServerError } from "nice-grpc-common";
import { bufferOf } from "../protobuf/buffer-of.js";
import type { Codec } from "./definitions.js";
import { peerError } from "./without-stack.js";

/**
 * Writes a message at the writer's position.
 *
 * @throws {ServerError} INTERNAL if it cannot be encoded, with the reason as its `cause`.
 */
export function encodeAt(codec: Codec, message: unknown, writer: Writer): void {
  try {
    codec.encode(message, writer);
  } catch (error) {
    throw internal("a message cannot be encoded", error);
  }
}

/** The bytes of a message, in memory of their own. Throws as {@link encodeAt}. */
export function serialize(codec: Codec, message: unknown): Buffer {
  const writer = new Writer().begin(Buffer.allocUnsafe(1024), 0);
  encodeAt(codec, message, writer);
  return bufferOf(writer.finish());
}

/**
 * The message of a request, at `start` to `end` of `buffer`.
 *
 * @throws {ServerError} INTERNAL if it cannot be decoded, with the reason as its `cause`.
 */
export function deserialize(codec: Codec, buffer: Buffer, start = 0, end = buffer.length): unknown {
  try {
    return codec.decode(buffer, start, end);
  } catch (error) {
    const why = error instanceof ProtobufError ? `: ${error.message}` : "";
    throw internal(`the request message cannot be decoded${why}`, error);
  }
}

function internal(details: string, thrown: unknown): ServerError {
  // The log looks for a cause, which may be missing: undefined can be thrown, too.
  const cause = thrown ?? new Error(`${String(thrown)} was thrown`);
  return Object.assign(peerError(Status.INTERNAL, details), { cause });
}
