import type { Encoding } from "../grpc/compression.js";
import { toFields } from "../grpc/metadata.js";
import { formatTimeout, parseTimeout } from "../grpc/timeout.js";
import type { CallOptions } from "./client-types.js";

/** The header fields of a request that are its own, beside those of its method; undefined if there are none. */
export function requestFields(
  { metadata }: CallOptions,
  deadlineMs: number,
  encoding: Encoding,
): string[] | undefined {
  let fields = metadata === undefined ? undefined : toFields(metadata);
  if (deadlineMs !== Infinity) {
    (fields ??= []).push("grpc-timeout", formatTimeout(deadlineMs - Date.now()));
  }
  if (encoding !== "identity") (fields ??= []).push("grpc-encoding", encoding);
  return fields;
}

/** When a call is over: by its deadline, or the timeout in its metadata, whichever is earlier. */
export function deadlineOf({ deadline, metadata }: CallOptions): number {
  const timeout = metadata?.get("grpc-timeout");
  const byMetadata = timeout === undefined ? Infinity : Date.now() + (parseTimeout(timeout) ?? Infinity);
  return Math.min(deadline === undefined ? Infinity : Number(deadline), byMetadata);
}
