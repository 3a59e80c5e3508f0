import type { ProtoWriter } from "../protobuf/proto-writer.js";

/** A message as it went out, so that it can go out again. Its bytes do not change. */
export interface KeptMessage {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly compressed: boolean;
}

/** Keeps the message that it has sent last: a fast client makes hundreds of thousands of calls in a second, and no object for this. */
export interface MessageKeeper {
  /** The memory of the message; undefined if none is kept. */
  keptBuffer: Buffer | undefined;
  keptStart: number;
  keptEnd: number;
}

/** The longest message that is copied to be kept, in bytes: what a longer one's copy costs would be felt. */
export const MAX_COPIED_BYTES = 16 * 1024;
/** The size of the memory that small messages share, in bytes: it lives as long as the longest call of those in it. */
const CHUNK_BYTES = 64 * 1024;
/** A copy of so many bytes is made one by one: Buffer's own way costs more. */
const FEW_BYTES = 48;

let chunk = Buffer.allocUnsafeSlow(0);
let used = 0;

/**
 * Keeps the message that a writer has just made, unless it is too long for a copy.
 *
 * @param isBorrowed True if the writer's memory is going to be written to again.
 */
export function keepWritten(
  keeper: MessageKeeper,
  writer: ProtoWriter,
  length: number,
  isBorrowed: boolean,
): void {
  const { buffer, start, isWhole } = writer;
  if (isWhole && !isBorrowed) {
    keeper.keptBuffer = buffer;
    keeper.keptStart = start;
    keeper.keptEnd = start + length;
    return;
  }
  keeper.keptBuffer = undefined;
  if (length > MAX_COPIED_BYTES) return;
  let from: Uint8Array = buffer;
  let at = start;
  if (!isWhole) {
    from = Buffer.concat(writer.pieces().map(({ bytes }) => bytes));
    at = 0;
  }
  if (used + length > chunk.length) {
    chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    used = 0;
  }
  const to = chunk;
  const first = used;
  if (length > FEW_BYTES) to.set(from.subarray(at, at + length), first);
  else for (let i = 0; i < length; i++) to[first + i] = from[at + i]!;
  used = first + length;
  keeper.keptBuffer = to;
  keeper.keptStart = first;
  keeper.keptEnd = used;
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
