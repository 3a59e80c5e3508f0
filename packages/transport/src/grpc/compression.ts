import { gunzip, gzip } from "node:zlib";
import { ServerError, Status } from "nice-grpc-common";

/** The message encodings that we know (gRPC compression). */
export const ENCODINGS = ["identity", "gzip"] as const;

/** One of {@link ENCODINGS}. */
export type Encoding = (typeof ENCODINGS)[number];

/** The value of `grpc-accept-encoding`. */
export const ACCEPT_ENCODING = ENCODINGS.join(",");

/** Reads `grpc-encoding`; undefined if we do not know it. */
export function parseEncoding(value: string): Encoding | undefined {
  return ENCODINGS.find((encoding) => encoding === value);
}

/** Compresses one message. */
export function compress(bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(bytes, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/**
 * Decompresses one message, of at most `maxBytes`: the output is never allocated beyond that.
 *
 * @throws {ServerError} RESOURCE_EXHAUSTED if there is more, INTERNAL if it is not gzip.
 */
export function decompress(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength: Math.max(maxBytes, 1) }, (error, result) => {
      if (!error && result.length <= maxBytes) resolve(result);
      else if (!error || (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        reject(
          new ServerError(
            Status.RESOURCE_EXHAUSTED,
            `a message of more than ${maxBytes} bytes, decompressed`,
          ),
        );
      } else reject(new ServerError(Status.INTERNAL, "a compressed message cannot be decompressed"));
    });
  });
}
