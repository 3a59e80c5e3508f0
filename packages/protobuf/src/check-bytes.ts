/**
 * Refuses what is no Uint8Array: an ArrayBuffer, as `fetch` has it, would be read as an empty message, or lead to an error of a line
 * further down.
 *
 * @throws {TypeError} if it is none.
 */
export function checkBytes(bytes: Uint8Array): void {
  if (bytes.length !== bytes.byteLength || bytes.length === undefined)
    throw new TypeError("a message is read from a Uint8Array: of an ArrayBuffer, give new Uint8Array(it)");
}
