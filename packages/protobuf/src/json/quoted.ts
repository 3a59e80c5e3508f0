/** A text with its quotes, as JSON has it. Empty if it has characters beyond ASCII, or that need an escape. */
export function quotedOf(text: string): Uint8Array {
  return /^[ !#-[\]-~]*$/.test(text)
    ? Uint8Array.from(`"${text}"`, (character) => character.charCodeAt(0))
    : new Uint8Array(0);
}
