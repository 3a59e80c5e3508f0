import { constants } from "node:buffer";
import { availableParallelism } from "node:os";
import { Status, type ServerError } from "nice-grpc-common";
import { isMessageTurnOver } from "./message-turn.js";
import { peerError } from "./without-stack.js";

/** node:zlib, which the first compressed message loads: an import of the package is quicker without it. */
const zlib = () => process.getBuiltinModule("node:zlib");

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
    zlib().gzip(bytes, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/**
 * Decompressions that run at once, for the whole process: libuv has 4 threads, which others need too, and one core is the event
 * loop's.
 */
const MAX_RUNNING = Math.min(Math.max(availableParallelism() - 1, 1), 4);
/** The size of the pieces that a message is decompressed into, as a multiple of its own; each takes a turn of the event loop. */
const PIECE_GROWTH = 8;
const MIN_PIECE_BYTES = 1024;
const MAX_PIECE_BYTES = 256 * 1024;

/** Runs decompressions, a few at once: those of each owner wait for each other, and owners have their turns. */
const waiting = new Map<object, (() => void)[]>();
let running = 0;

/** A message of so many bytes takes a third of the time at once, without a thread: a stream may have hundreds of thousands. */
const SHORT_BYTES = 1024;
/** The most that such a message becomes at once, in bytes. */
const MAX_AT_ONCE_BYTES = 64 * 1024;

/** A short message, decompressed; undefined for one that takes its turn. */
function gunzipShort(bytes: Uint8Array, maxBytes: number): Buffer | undefined {
  if (bytes.length > SHORT_BYTES || isMessageTurnOver()) return undefined;
  try {
    const plain = zlib().gunzipSync(bytes, { maxOutputLength: MAX_AT_ONCE_BYTES });
    return plain.length <= maxBytes ? plain : undefined;
  } catch {
    // The long way says why.
    return undefined;
  }
}

/**
 * Decompresses one message, of at most `maxBytes`: the output is never allocated beyond that.
 *
 * @param owner The connection that it came on: those of others do not wait for all of its messages.
 * @param isWanted Asked when its turn comes; if false the promise stays open, as nobody waits for it.
 * @throws {ServerError} RESOURCE_EXHAUSTED if there is more, INTERNAL if it is not gzip.
 */
export function decompress(
  bytes: Uint8Array,
  maxBytes: number,
  owner: object,
  isWanted: () => boolean,
): Promise<Buffer> {
  const short = gunzipShort(bytes, maxBytes);
  if (short !== undefined) return Promise.resolve(short);
  return new Promise((resolve, reject) => {
    const run = (): void => {
      if (!isWanted()) return;
      running++;
      gunzipNow(bytes, maxBytes, (error, result) => {
        running--;
        if (error === undefined) resolve(result!);
        else reject(error);
        runNext();
      });
    };
    const queue = waiting.get(owner);
    if (queue === undefined) waiting.set(owner, [run]);
    else queue.push(run);
    runNext();
  });
}

function runNext(): void {
  for (const [owner, queue] of waiting) {
    if (running === MAX_RUNNING) return;
    // To the end, if there are more.
    waiting.delete(owner);
    const run = queue.shift()!;
    if (queue.length > 0) waiting.set(owner, queue);
    run();
  }
}

function gunzipNow(
  bytes: Uint8Array,
  maxBytes: number,
  done: (error: ServerError | undefined, result?: Buffer) => void,
): void {
  const most = Math.min(maxBytes, constants.MAX_LENGTH);
  const chunkSize = Math.min(Math.max(PIECE_GROWTH * bytes.length, MIN_PIECE_BYTES), MAX_PIECE_BYTES);
  zlib().gunzip(bytes, { maxOutputLength: Math.max(most, 1), chunkSize }, (error, result) => {
    if (!error && result.length <= maxBytes) done(undefined, result);
    else if (!error || (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      done(peerError(Status.RESOURCE_EXHAUSTED, `a message of more than ${most} bytes, decompressed`));
    } else done(peerError(Status.INTERNAL, "a compressed message cannot be decompressed"));
  });
}
