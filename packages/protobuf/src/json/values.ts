import { isNot } from "./json-error.js";

/** An object of JSON: its keys are data, `__proto__` too. */
export interface JsonObject {
  [key: string]: unknown;
}

/** Sets a property that an object has of its own, whatever its name. */
export function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
  } else object[key] = value;
}

/** The value itself, or what its `toJSON` returns, as JSON.stringify asks it: of a Date, its text. */
export function jsonOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? (toJSON.call(value, "") as unknown) : value;
}

/** The flag makes of a pair one character: what is left is a surrogate that stands alone. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/**
 * The same text.
 *
 * @throws {JsonError} if it has a lone surrogate.
 */
export function checkText(text: string): string {
  const { isWellFormed } = text as { isWellFormed?(): boolean };
  // Quicker, and not everywhere: Node.js has it from version 20 on.
  const isText = isWellFormed === undefined ? !LONE_SURROGATE.test(text) : isWellFormed.call(text);
  if (!isText) throw isNot("Unicode text", text);
  return text;
}
