import type { Transform } from "node:stream";
import { promisify } from "node:util";
import {
  brotliCompress,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  gunzipSync,
  gzip,
  type BrotliOptions,
  type ZlibOptions,
} from "node:zlib";
import { inThreads } from "./thread-pool.js";

/** A content coding (RFC 9110, section 8.4.1). */
export type Coding = "br" | "gzip";

/** A coding's parts of node:zlib. */
interface Zlib {
  /** Compresses a whole body, off the event loop. */
  compress(body: string | Uint8Array): Promise<Uint8Array>;
  compressor(): Compressor;
  /** The memory of a compressor, in bytes. */
  readonly compressorBytes: number;
  decompressor(): Decompressor;
  /** Decompresses what is short, at once. Undefined if it becomes more than `maxBytes`. It throws for bytes of no such coding. */
  decompressNow(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined;
  /** The memory of a decompressor, in bytes. @param first The first byte of what it gets. */
  decompressorBytes(first: number): number;
}

/** A stream of node:zlib that decompresses. */
export interface Decompressor extends Transform {
  /** The bytes of the input that were decompressed. */
  readonly bytesWritten: number;
}

/** A stream of node:zlib that compresses. */
export interface Compressor extends Transform {
  flush(callback?: () => void): void;
}

/** Above it, time grows faster than what is saved; the default, 11, is for files that are compressed once. */
const BROTLI_QUALITY = 4;
/** A stream of responses may be open for days, beside a thousand others: it takes 70 KiB so, and 600 KiB by quality 4. */
const BROTLI_STREAM_QUALITY = 1;
const BROTLI_STREAM_BYTES = 70 * 1024;
/** 165 KiB, instead of 260 KiB. */
const GZIP_STREAM = { windowBits: 13, memLevel: 6 };
const GZIP_STREAM_BYTES = 165 * 1024;
/** A decompressor's own memory, with the window of gzip. */
const DECOMPRESSOR_BYTES = 64 * 1024;

const brotliOptions = (quality: number): BrotliOptions => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  },
});

const compressByBrotli = promisify(brotliCompress);
const compressByGzip = promisify(gzip);

export const codings: Readonly<Record<Coding, Zlib>> = {
  br: {
    compress: (body) => inThreads(() => compressByBrotli(body, brotliOptions(BROTLI_QUALITY))),
    compressor: () => createBrotliCompress(brotliOptions(BROTLI_STREAM_QUALITY)),
    compressorBytes: BROTLI_STREAM_BYTES,
    decompressor: createBrotliDecompress,
    decompressNow: atOnce(brotliDecompressSync),
    decompressorBytes: (first) => DECOMPRESSOR_BYTES + brotliWindow(first),
  },
  gzip: {
    compress: (body) => inThreads(() => compressByGzip(body)),
    compressor: () => createGzip(GZIP_STREAM),
    compressorBytes: GZIP_STREAM_BYTES,
    decompressor: createGunzip,
    decompressNow: atOnce(gunzipSync),
    decompressorBytes: () => DECOMPRESSOR_BYTES,
  },
};

/** What node:zlib has for it. @param decompress One of its functions: with `info`, they tell how many bytes they took. */
function atOnce(decompress: (bytes: Uint8Array, options: ZlibOptions) => unknown): Zlib["decompressNow"] {
  return (bytes, maxBytes) => {
    try {
      const options = { info: true, maxOutputLength: maxBytes };
      const { buffer, engine } = decompress(bytes, options) as { buffer: Uint8Array; engine: Decompressor };
      if (engine.bytesWritten < bytes.length) throw new Error("there is more behind its end");
      return buffer;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return undefined;
      throw error;
    }
  };
}

/** The bytes that Brotli keeps of what it has given, as the sender chooses (RFC 7932, section 9.1). */
function brotliWindow(first: number): number {
  const [long, short] = [(first >> 1) & 7, (first >> 4) & 7];
  const bits = (first & 1) === 0 ? 16 : long > 0 ? 17 + long : short > 0 ? 8 + short : 17;
  return 1 << bits;
}
