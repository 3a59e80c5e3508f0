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
import type { Transform } from "node:stream";

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
  close(callback?: () => void): void;
}

/** Above it, time grows faster than what is saved; the default, 11, is for files that are compressed once. */
const BROTLI_QUALITY = 4;
/** 256 KiB: a stream of responses may be open for days, beside a thousand others. */
const BROTLI_STREAM_WINDOW = 18;

const brotliOptions = (params: Record<number, number> = {}): BrotliOptions => ({
  params: {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    ...params,
  },
});

export const codings: Readonly<Record<Coding, Zlib>> = {
  br: {
    compress: (body) => promisify(brotliCompress)(body, brotliOptions()),
    compressor: () =>
      createBrotliCompress({
        ...brotliOptions({ [constants.BROTLI_PARAM_LGWIN]: BROTLI_STREAM_WINDOW }),
        flush: constants.BROTLI_OPERATION_PROCESS,
      }),
    decompressor: createBrotliDecompress,
  },
  gzip: {
    compress: (body) => promisify(gzip)(body),
    compressor: createGzip,
    decompressor: createGunzip,
  },
};
