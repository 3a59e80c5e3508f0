// Text and memory where there is no Node.js: a browser, a worker at the edge. The names are those of `text.node.ts`.

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** The most characters that one call of `String.fromCharCode` takes here: each is an argument on the stack. */
const MAX_ARGUMENTS = 4096;

/** New memory. */
export function allocate(size: number): Uint8Array {
  return new Uint8Array(size);
}

export const allocateShared = allocate;

export function latin1Slice(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += MAX_ARGUMENTS) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + MAX_ARGUMENTS, end)));
  }
  return text;
}

/** The text of UTF-8; what is none becomes U+FFFD. */
export function utf8Slice(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  try {
    strictDecoder.decode(bytes.subarray(start, end));
    return true;
  } catch {
    return false;
  }
}

/** Writes a text for which there is room, as UTF-8; returns the number of bytes. A lone surrogate becomes U+FFFD. */
export function utf8Write(bytes: Uint8Array, text: string, offset: number): number {
  return encoder.encodeInto(text, bytes.subarray(offset)).written;
}

/** The number of bytes of a text as UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) length++;
    if (unit >= 0x800) length++;
    // A pair of surrogates takes four bytes: two for each of the pair.
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) index++;
  }
  return length;
}

/** The bytes as base64 (RFC 4648), padded. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(latin1Slice(bytes, 0, bytes.length));
}

/** The bytes of base64 of either alphabet, padded or not. */
export function fromBase64(text: string): Uint8Array {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
}

/** True if JSON.stringify takes less time for a number than a loop over its digits. */
export const stringifiesQuickly = true;

/** True if JSON.stringify takes longer for a long text than for its parts. */
export const stringifiesInParts = false;
