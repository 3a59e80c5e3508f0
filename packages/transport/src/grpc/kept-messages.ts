import type { ProtoWriter } from "../protobuf/proto-writer.js";

/** A message as it went out, so that it can go out again. Its bytes do not change. */
export interface KeptMessage {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly compressed: boolean;
}

/** The longest message that is copied to be kept, in bytes: what a longer one's copy costs would be felt. */
export const MAX_COPIED_BYTES = 16 * 1024;
/** The size of the memory that small messages share, in bytes: it lives as long as the longest call of those in it. */
const CHUNK_BYTES = 64 * 1024;
/** A copy of so many bytes is made one by one: Buffer's own way costs more. */
const FEW_BYTES = 48;

let chunk = Buffer.alloc(0);
let used = 0;

/**
 * Keeps the message that a writer has just made; undefined if it is too long for a copy.
 *
 * @param isBorrowed True if the writer's memory is going to be written to again.
 */
export function keepWritten(writer: ProtoWriter, isBorrowed: boolean): KeptMessage | undefined {
  const { length } = writer;
  if (writer.isWhole) {
    const { buffer, start } = writer;
    if (!isBorrowed) return { buffer, start, end: start + length, compressed: false };
    return length > MAX_COPIED_BYTES ? undefined : keepCopy(buffer, start, length);
  }
  if (length > MAX_COPIED_BYTES) return undefined;
  const bytes = Buffer.concat(writer.pieces().map((piece) => piece.bytes));
  return { buffer: bytes, start: 0, end: length, compressed: false };
}

function keepCopy(buffer: Uint8Array, start: number, length: number): KeptMessage {
  if (used + length > chunk.length) {
    chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    used = 0;
  }
  const at = used;
  used = at + length;
  if (length > FEW_BYTES) chunk.set(buffer.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) chunk[at + i] = buffer[start + i]!;
  return { buffer: chunk, start: at, end: used, compressed: false };
}

/** The bytes that a channel may keep of requests that stream, for all its calls. */
export interface KeepBudget {
  leftBytes: number;
}

/** The messages of a request that streams, kept until the server has seen the call, or there are too many. */
export class KeptRequest {
  #messages: KeptMessage[] | undefined = [];
  #bytes = 0;
  readonly #maxBytes: number;
  readonly #budget: KeepBudget;

  /** @param maxBytes The most that is kept, in bytes. */
  constructor(maxBytes: number, budget: KeepBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  /** All messages so far; undefined if they are kept no more. */
  get messages(): readonly KeptMessage[] | undefined {
    return this.#messages;
  }

  /** Adds a message; undefined stands for one that cannot be kept. */
  add(message: KeptMessage | undefined): void {
    if (this.#messages === undefined) return;
    const bytes = message === undefined ? Infinity : message.end - message.start;
    if (this.#bytes + bytes > this.#maxBytes || bytes > this.#budget.leftBytes) {
      this.drop();
      return;
    }
    this.#messages.push(message!);
    this.#bytes += bytes;
    this.#budget.leftBytes -= bytes;
  }

  /** Keeps nothing any more. */
  drop(): void {
    this.#messages = undefined;
    this.#budget.leftBytes += this.#bytes;
    this.#bytes = 0;
  }
}
