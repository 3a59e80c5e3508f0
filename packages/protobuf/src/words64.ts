// All of them are marked as pure, so that a bundle without such numbers has none.
const memory = /* @__PURE__ */ new ArrayBuffer(8);

/**
 * A 64-bit integer seen as two 32-bit words. Moving it through typed arrays is the fastest way between bigint and words:
 * V8 does it without a call.
 */
export const signed = /* @__PURE__ */ new BigInt64Array(memory);

/** The same 64 bits, unsigned. */
export const unsigned = /* @__PURE__ */ new BigUint64Array(memory);

/** The same 64 bits as words, at {@link LOW} and {@link HIGH}. */
export const words = /* @__PURE__ */ new Int32Array(memory);

/** The index of the lower word, 0, or the upper one, 1: typed arrays have the byte order of the machine. */
function indexOf(word: 0 | 1): number {
  const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return isLittleEndian ? word : 1 - word;
}

/** Index of the lower word. */
export const LOW: number = /* @__PURE__ */ indexOf(0);

/** Index of the upper word. */
export const HIGH: number = /* @__PURE__ */ indexOf(1);

/** The same 64 bits as a double. */
export const doubles = /* @__PURE__ */ new Float64Array(memory);

/** The same 64 bits as floats, at {@link LOW} and {@link HIGH}. */
export const floats = /* @__PURE__ */ new Float32Array(memory);
