import { ProtobufError } from "@callwire/protobuf";
import { kindOf } from "./check-options.js";

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
    const { path, value } = faultyField(message, encode);
    if (path === "") return thrown;
    const { message: text } = thrown;
    // The engine's own texts name no value.
    const why =
      thrown instanceof ProtobufError
        ? text + adviceOn(value)
        : `${shownKind(value)}, which the field does not take (${text})`;
    return new ProtobufError(`${path}: ${why}`, undefined, { cause: thrown });
  } catch {
    // A field that cannot even be read.
    return thrown;
  }
}

function shownKind(value: unknown): string {
  return value instanceof Date && Number.isNaN(value.getTime()) ? "an invalid Date" : kindOf(value);
}

/** What an enum's value is called in a contract: proto-loader gives it for its number. */
const ENUM_VALUE = /^[A-Z][A-Z0-9_]*$/;

function adviceOn(value: unknown): string {
  return typeof value === "string" && ENUM_VALUE.test(value)
    ? `: "${value}" is a name, and an enum's values are numbers: take them from its generated constant`
    : "";
}

/** A value, and where it is in its message. */
interface Field {
  path: string;
  value: unknown;
}

/** The value that cannot be encoded, even alone; the message itself, with an empty path, if there is none. */
function faultyField(message: unknown, encode: (message: unknown) => void): Field {
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
  ): Field => {
    const field = { path, value };
    if (!isOfParts(value) || depth === MAX_DEPTH) return field;
    const isList = Array.isArray(value);
    // No part is at fault where there cannot be any.
    if (isFaulty(around(isList ? [] : {}))) return field;
    for (const key of isList ? value.keys() : Object.keys(value)) {
      if (tries === MAX_TRIES) break;
      const part = (value as Record<string | number, unknown>)[key];
      const aroundPart = (other: unknown): unknown => around(isList ? [other] : { [key]: other });
      if (!isFaulty(aroundPart(part))) continue;
      const name = path === "" ? String(key) : `${path}.${key}`;
      return search(part, isList ? `${path}[${key}]` : name, depth + 1, aroundPart);
    }
    return field;
  };
  return search(message, "", 0, (value) => value);
}

function isOfParts(value: unknown): value is object {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value);
}
