/** What stands for one character behind a backslash, beside the digits. */
const LETTERS: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/**
 * Pure: the bytes that a default of a field of `bytes` stands for. descriptor.proto has it with the escapes of C: letters, one to
 * three octal digits, and `x` with two hexadecimal ones; every other character behind a backslash, such as a quotation mark, is
 * itself.
 */
export function unescapeBytes(text: string): Uint8Array {
  const bytes: number[] = [];
  const parts = /\\([0-7]{1,3})|\\[xX]([0-9a-fA-F]{1,2})|\\([^])|([^\\]+)/g;
  for (const [, octal, hex, escaped, plain] of text.matchAll(parts)) {
    if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (escaped !== undefined) bytes.push(LETTERS[escaped] ?? escaped.charCodeAt(0));
    else bytes.push(...Buffer.from(plain!, "latin1"));
  }
  return Uint8Array.from(bytes);
}
