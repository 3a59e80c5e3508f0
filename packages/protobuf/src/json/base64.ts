import { fromBase64 } from "#text";
import { isNot } from "./json-error.js";

/**
 * The bytes of base64, with either alphabet of RFC 4648, with padding or without.
 *
 * @throws {JsonError} for a text that is no base64.
 */
export function bytesOf(text: string): Uint8Array {
  const { length } = text;
  const end = text.endsWith("==") ? length - 2 : text.endsWith("=") ? length - 1 : length;
  // Padding makes the length a multiple of four; a last group of one character has not enough bits for a byte.
  if ((end < length && length % 4 !== 0) || end % 4 === 1 || /[^\w+/-]/.test(text.slice(0, end))) {
    throw isNot("base64", text);
  }
  return fromBase64(text);
}
