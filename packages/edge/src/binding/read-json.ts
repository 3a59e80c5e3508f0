import { fromJsonText, JsonError, type AnyFieldType, type JsonReadOptions } from "@callwire/protobuf";
import type { FieldViolation } from "@callwire/server-kit";
import { hintOf } from "./wrong-name.js";

/** The outcome of reading JSON: a value, or everything that is wrong with it. */
export type JsonOutcome = { readonly value: unknown } | { readonly violations: readonly FieldViolation[] };

/**
 * Reads a value from JSON. One that is wrong is read a second time, to find all its errors.
 *
 * @param place The field that the value is for, or its place in a stream: what paths begin with. Empty for the request itself.
 */
export function readJson(
  type: AnyFieldType,
  bytes: Uint8Array,
  place: string,
  options: JsonReadOptions,
): JsonOutcome {
  try {
    return { value: fromJsonText<unknown>(type, bytes, options) };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const errors = errorsOf(type, bytes, options, error);
    return { violations: errors.map((one, index) => violationOf(one, index, place, bytes)) };
  }
}

function errorsOf(
  type: AnyFieldType,
  bytes: Uint8Array,
  options: JsonReadOptions,
  first: JsonError,
): readonly JsonError[] {
  const errors: JsonError[] = [];
  try {
    fromJsonText<unknown>(type, bytes, { ...options, errors });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    // Of text that is no JSON, nothing else is certain. Of too many errors, those that were noted are told.
    if (error.reason.startsWith("malformed JSON")) return [error];
  }
  return errors.length > 0 ? errors : [first];
}

function violationOf(
  { path, reason, names }: JsonError,
  index: number,
  place: string,
  bytes: Uint8Array,
): FieldViolation {
  const separator = place === "" || path === "" || path.startsWith("[") ? "" : ".";
  const description = reason.replace(/^malformed JSON at byte (\d+)/, (text, at: string) => {
    const line = lineOf(bytes, Number(at));
    return line === undefined ? text : `${text}, ${line}`;
  });
  return { field: `${place}${separator}${path}`, description: description + hintOf(names, index) };
}

const LINE_FEED = 0x0a;

/** A byte's line and column, as editors count them, in a text of several lines. */
function lineOf(bytes: Uint8Array, at: number): string | undefined {
  const before = bytes.subarray(0, at);
  const start = before.lastIndexOf(LINE_FEED) + 1;
  if (start === 0) return undefined;
  let line = 1;
  // A function for each byte would take ten times as long.
  for (let index = 0; index < start; index++) if (before[index] === LINE_FEED) line++;
  return `line ${line}, column ${new TextDecoder().decode(before.subarray(start)).length + 1}`;
}
