import { pipeline } from "node:stream";
import { EdgeError } from "../errors/edge-error.js";
import { brokenOff, tooLarge } from "../http/body-errors.js";
import type { Exchange } from "../http/exchange.js";
import type { BodyLimits, HeldBytes } from "../http/held-bytes.js";
import { JoinedParts } from "../http/joined-parts.js";
import { codings, type Coding } from "./codings.js";
import { pieceTurn } from "./thread-pool.js";

/**
 * Reads a whole body, decompressed.
 *
 * @param limits Of its bytes as they came, and decompressed.
 * @throws {EdgeError} As `readBody` of an exchange, or for a coding that is not taken, or is not what it says.
 */
export function readBody(exchange: Exchange, limits: BodyLimits): Promise<Uint8Array> {
  const coding = codingOf(exchange);
  const body = exchange.readBody(limits);
  return coding === undefined
    ? body
    : body.then((bytes) => decompress(coding, bytes, limits, "content-encoding"));
}

/** A compressed message of so many bytes takes less time at once than by a stream, of which a body may want hundreds of thousands. */
const SHORT_BYTES = 1024;
/** What becomes more than that takes its turns. */
const SHORT_EXPANDED_BYTES = 64 * 1024;

function decompressNow(coding: Coding, bytes: Uint8Array, field: string): Uint8Array | undefined {
  try {
    return codings[coding].decompressNow(bytes, SHORT_EXPANDED_BYTES);
  } catch {
    throw notCoded(field);
  }
}

/**
 * Decompresses a whole body, or a message. Nothing is nothing, compressed or not.
 *
 * @param field The field that names the coding, for the error.
 * @throws {EdgeError} if there is more than `maxBytes`, if too much is held, or if it is in another coding.
 */
export async function decompress(
  coding: Coding,
  bytes: Uint8Array,
  { maxBytes, held }: BodyLimits,
  field: string,
): Promise<Uint8Array> {
  if (bytes.length === 0) return bytes;
  const now = bytes.length <= SHORT_BYTES ? decompressNow(coding, bytes, field) : undefined;
  if (now !== undefined) {
    if (now.length > maxBytes) throw tooLarge(maxBytes);
    return now;
  }
  const parts = new JoinedParts();
  // Both forms are there.
  const kept = (): number => bytes.length + parts.size;
  for await (const chunk of decompressed(coding, [bytes], { held, kept, field })) {
    parts.add(chunk);
    if (parts.size > maxBytes) throw tooLarge(maxBytes);
  }
  return parts.take();
}

/**
 * Reads a body as it comes, decompressed.
 *
 * @param maxExpansion The bytes that each of its bytes may become, beyond the first `maxBytes`: a body without an end takes little to send.
 * @throws {EdgeError} As {@link readBody}, or for one that becomes more.
 */
export function readChunks(
  exchange: Exchange,
  limits: BodyLimits,
  maxExpansion: number,
): AsyncIterableIterator<Uint8Array> {
  const coding = codingOf(exchange);
  const chunks = exchange.readChunks();
  return coding === undefined ? chunks : expanded(coding, chunks, limits, maxExpansion);
}

async function* expanded(
  coding: Coding,
  parts: AsyncIterable<Uint8Array>,
  { held, maxBytes }: BodyLimits,
  maxExpansion: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const part of parts) {
      sent += part.length;
      yield part;
    }
  };
  let bytes = 0;
  const reading = { held, kept: () => 0, field: "content-encoding" };
  for await (const chunk of decompressed(coding, counted(), reading)) {
    bytes += chunk.length;
    if (bytes > maxBytes + sent * maxExpansion)
      throw new EdgeError(
        "BODY_TOO_LARGE",
        `the body becomes more than ${maxExpansion} times its bytes: send it with another content-encoding, or with none`,
      );
    yield chunk;
  }
}

/** How compressed bytes are read. */
interface Reading {
  readonly held: HeldBytes;
  /** The number of bytes that wait beside the decompressor. */
  readonly kept: () => number;
  readonly field: string;
}

async function* decompressed(
  coding: Coding,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { held, kept, field }: Reading,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { decompressor: open, decompressorBytes } = codings[coding];
  const decompressor = open();
  const hold = held.open((error) => decompressor.destroy(error));
  let memory = 0;
  let given = 0;
  const input = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const part of parts) {
      if (memory === 0 && part.length > 0) hold.set(kept() + (memory = decompressorBytes(part[0]!)));
      given += part.length;
      await pieceTurn();
      yield part;
    }
  };
  // Its errors come out at the other end.
  pipeline(input, decompressor, () => {});
  try {
    for await (const chunk of decompressor as AsyncIterable<Uint8Array>) {
      yield chunk;
      hold.set(kept() + memory);
      await pieceTurn();
    }
    // node:zlib passes over what stands behind the end of Brotli, and zeros behind that of gzip.
    if (decompressor.bytesWritten < given) throw notCoded(field);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const { code } = error as { code?: unknown };
    throw code === "ERR_STREAM_PREMATURE_CLOSE" ? brokenOff() : notCoded(field);
  } finally {
    hold.set(0);
  }
}

function notCoded(field: string): EdgeError {
  return new EdgeError("BODY_CODING_BROKEN", `the body is not what ${field} says`);
}

/** @throws {EdgeError} for a coding that is not taken. */
function codingOf(exchange: Exchange): Coding | undefined {
  const given = exchange.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (given === "identity" || given === "") return undefined;
  const name = given === "x-gzip" ? "gzip" : given;
  if (Object.hasOwn(codings, name)) return name as Coding;
  const offered = Object.keys(codings).join(", ");
  // RFC 9110, section 15.5.16: which codings are taken.
  throw new EdgeError("CODING_NOT_TAKEN", `a body may have one content-encoding, of: ${offered}`, {
    "accept-encoding": offered,
  });
}
