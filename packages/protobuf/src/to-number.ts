import { ProtobufError } from "./protobuf-error.js";

/**
 * A 64-bit integer as a number.
 *
 * @throws {ProtobufError} if it is beyond 2^53, where numbers are not exact.
 */
export function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new ProtobufError(`integer beyond 2^53: ${value}; the option int64=bigint takes all`);
  }
  return number;
}
