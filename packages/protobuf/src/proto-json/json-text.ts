import { utf8Slice, isUtf8 } from "#text";
import type { MessageType } from "../message-type.js";
import type { JsonReadOptions, JsonWriteOptions } from "./json-context.js";
import { JsonError } from "./json-error.js";

/**
 * A message in protobuf's JSON format, as text.
 *
 * @throws {JsonError} for a value that has no form there.
 */
export function toJsonText<T>(type: MessageType<T>, message: T, options?: JsonWriteOptions): string {
  return JSON.stringify(type.toJSON(message, options));
}

/**
 * Reads a message in protobuf's JSON format from its text, or from the bytes of that in UTF-8. A field that is there twice is
 * an error, which `JSON.parse` does not see.
 *
 * @throws {JsonError} with the path of the field, if it is no such message.
 */
export function fromJsonText<T>(
  type: MessageType<T>,
  json: string | Uint8Array,
  options?: JsonReadOptions,
): T {
  const text = typeof json === "string" ? json : textOf(json);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new JsonError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (membersIn(text) !== membersOf(parsed)) throw new JsonError(`a field is there twice: ${repeated(text)}`);
  return type.fromJSON(parsed, options);
}

function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes, 0, bytes.length)) throw new JsonError("not JSON: text that is not UTF-8");
  return utf8Slice(bytes, 0, bytes.length);
}

/** Where a text in JSON ends that begins at `start`: its second quote. */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  for (; ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end;
  }
}

const COLON = 0x3a;

/** The number of members of all objects in JSON, by its text: of colons outside of texts. */
function membersIn(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    for (; at < end; at++) if (text.charCodeAt(at) === COLON) count++;
    if (quote >= 0) at = endOfText(text, quote) + 1;
  }
  return count;
}

/** The number of members of all objects in a value that was parsed, however deep they are. */
function membersOf(parsed: unknown): number {
  let count = 0;
  const open = [parsed];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    const inside = Object.values(value) as unknown[];
    if (!Array.isArray(value)) count += inside.length;
    for (const each of inside) if (typeof each === "object") open.push(each);
  }
  return count;
}

/** The first key that an object in JSON has twice. */
function repeated(text: string): string {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "{") open.push(new Set());
    else if (char === "}") open.pop();
    else if (char === '"') {
      const end = endOfText(text, at);
      const isKey = /^\s*:/.test(text.slice(end + 1, end + 100));
      const key = text.slice(at, end + 1);
      at = end;
      if (!isKey) continue;
      const name = JSON.parse(key) as string;
      const keys = open.at(-1);
      if (keys?.has(name)) return name;
      keys?.add(name);
    }
  }
  return "unknown";
}
