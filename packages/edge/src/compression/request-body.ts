import { pipeline, type Transform } from "node:stream";
import { EdgeError } from "../errors/edge-error.js";
import { brokenOff, tooLarge } from "../http/body-errors.js";
import type { Exchange } from "../http/exchange.js";
import { codings, type Coding } from "./codings.js";

/**
 * Reads a whole body, decompressed.
 *
 * @param maxBytes The most bytes as it came, and the most decompressed.
 * @throws {EdgeError} As `readBody` of an exchange, or for a coding that is not taken, or is not what it says.
 */
export async function readBody(exchange: Exchange, maxBytes: number, timeoutMs: number): Promise<Uint8Array> {
  const coding = codingOf(exchange);
  const body = await exchange.readBody(maxBytes, timeoutMs);
  return coding === undefined ? body : decompress(coding, body, maxBytes, "content-encoding");
}

/**
 * Decompresses a whole body, or a message. Nothing is nothing, compressed or not.
 *
 * @param field The field that names the coding, for the error.
 * @throws {EdgeError} if there is more than `maxBytes`, or if it is in another coding.
 */
export async function decompress(
  coding: Coding,
  bytes: Uint8Array,
  maxBytes: number,
  field: string,
): Promise<Uint8Array> {
  if (bytes.length === 0) return bytes;
  const chunks: Uint8Array[] = [];
  let size = 0;
  const decompressor = codings[coding].decompressor();
  decompressor.end(bytes);
  for await (const chunk of outputOf(decompressor, field)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Reads a body as it comes, decompressed. @throws {EdgeError} As {@link readBody}. */
export function readChunks(exchange: Exchange): AsyncIterableIterator<Uint8Array> {
  const coding = codingOf(exchange);
  const chunks = exchange.readChunks();
  if (coding === undefined) return chunks;
  const decompressor = codings[coding].decompressor();
  // Its errors come out at the other end.
  pipeline(chunks, decompressor, () => {});
  return outputOf(decompressor, "content-encoding");
}

async function* outputOf(decompressor: Transform, field: string): AsyncIterableIterator<Uint8Array> {
  try {
    yield* decompressor as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const { code } = error as { code?: unknown };
    throw code === "ERR_STREAM_PREMATURE_CLOSE"
      ? brokenOff()
      : new EdgeError("BODY_CODING_BROKEN", `the body is not what ${field} says`);
  }
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
