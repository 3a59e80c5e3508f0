/** Buffer's own methods for Latin-1 text, which its type leaves out: `toString` and `write` without the choice of encoding. */
interface Latin1Buffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number, length: number): number;
}

// Taken out of the prototype once: a look-up for each string makes it take a tenth longer.
const { latin1Slice, latin1Write } = Buffer.prototype as Latin1Buffer;

/** Up to this many characters a loop is faster than the call into native code. */
const SHORT = 12;

/** The bytes from `start` to `end` as a string, a character each. */
export function readLatin1(bytes: Buffer, start: number, end: number): string {
  if (end - start > SHORT) return latin1Slice.call(bytes, start, end);
  let text = "";
  let at = start;
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
  }
  for (; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** Writes each character's low byte; returns the position after them. */
export function writeLatin1(text: string, out: Buffer, at: number): number {
  const length = text.length;
  if (length > SHORT) latin1Write.call(out, text, at, length);
  else for (let i = 0; i < length; i++) out[at + i] = text.charCodeAt(i);
  return at + length;
}
