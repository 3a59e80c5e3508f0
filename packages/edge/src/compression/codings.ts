import type { Transform } from "node:stream";
import { promisify } from "node:util";
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  gzip,
  type BrotliOptions,
} from "node:zlib";

/** A content coding (RFC 9110, section 8.4.1). */
export type Coding = "br" | "gzip";

/** A coding's parts of node:zlib. */
interface Zlib {
  /** Compresses a whole body, off the event loop. */
  compress(body: string | Uint8Array): Promise<Uint8Array>;
  compressor(): Compressor;
  decompressor(): Transform;
}

/** A stream of node:zlib that compresses. */
export interface Compressor extends Transform {
  flush(callback?: () => void): void;
}

/** Above it, time grows faster than what is saved; the default, 11, is for files that are compressed once. */
const BROTLI_QUALITY = 4;
/** A stream of responses may be open for days, beside a thousand others: it takes 70 KiB so, and 600 KiB by quality 4. */
const BROTLI_STREAM_QUALITY = 1;
/** 165 KiB, instead of 260 KiB. */
const GZIP_STREAM = { windowBits: 13, memLevel: 6 };

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
    compress: (body) => compressByBrotli(body, brotliOptions(BROTLI_QUALITY)),
    compressor: () => createBrotliCompress(brotliOptions(BROTLI_STREAM_QUALITY)),
    decompressor: createBrotliDecompress,
  },
  gzip: {
    compress: (body) => compressByGzip(body),
    compressor: () => createGzip(GZIP_STREAM),
    decompressor: createGunzip,
  },
};
