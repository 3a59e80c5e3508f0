import { ProtobufError } from "@callwire/protobuf";

/** The most values that are tried, and how deep, so that a large message costs no more than a few times its encoding. */
const MAX_TRIES = 1000;
const MAX_DEPTH = 16;

/**
 * The error of a message that cannot be encoded, which names the field: `user.roles[2]: invalid int32: NaN`. What is thrown is
 * the same if no single field is at fault, or it is no error.
 *
 * @param encode Encodes a partial message of the same type.
 */
export function namedFault(thrown: unknown, message: unknown, encode: (message: unknown) => void): unknown {
  if (!(thrown instanceof Error)) return thrown;
  try {
    const path = faultyField(message, encode);
    return path === ""
      ? thrown
      : new ProtobufError(`${path}: ${thrown.message}`, undefined, { cause: thrown });
  } catch {
    // A field that cannot even be read.
    return thrown;
  }
}

/** Where the value is that cannot be encoded, even alone; empty if there is none. */
function faultyField(message: unknown, encode: (message: unknown) => void): string {
  let tries = 0;
  const isFaulty = (partial: unknown): boolean => {
    tries++;
    try {
      encode(partial);
      return false;
    } catch {
      return true;
    }
  };
  const search = (
    value: unknown,
    path: string,
    depth: number,
    around: (value: unknown) => unknown,
  ): string => {
    if (!isOfParts(value) || depth === MAX_DEPTH) return path;
    const isList = Array.isArray(value);
    for (const key of Object.keys(value)) {
      if (tries === MAX_TRIES) break;
      const part = (value as Record<string, unknown>)[key];
      const aroundPart = (other: unknown): unknown => around(isList ? [other] : { [key]: other });
      if (!isFaulty(aroundPart(part))) continue;
      const name = path === "" ? key : `${path}.${key}`;
      return search(part, isList ? `${path}[${key}]` : name, depth + 1, aroundPart);
    }
    return path;
  };
  return search(message, "", 0, (value) => value);
}

function isOfParts(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}
