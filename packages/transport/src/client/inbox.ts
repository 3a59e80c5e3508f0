import { decompress } from "../grpc/compression.js";

/** Takes what an {@link Inbox} has got ready. */
export interface InboxReader {
  /** Whether another message is wanted now. */
  readonly wantsMessage: boolean;
  onBytes(buffer: Buffer, start: number, end: number, cost: number): void;
  /** All messages have been handed on, and no more will come. */
  onInboxEnd(): void;
  onInboxError(error: unknown): void;
}

interface Message {
  bytes: Buffer;
  compressed: boolean;
  cost: number;
}

/**
 * The messages of a call from its first compressed one on: they are decompressed one at a time, in their order, and not
 * before somebody wants them, since they may grow a thousandfold.
 */
export class Inbox {
  readonly #messages: Message[] = [];
  #ended = false;
  #busy = false;
  #closed = false;
  readonly #reader: InboxReader;
  readonly #maxBytes: number;

  /** @param maxBytes The largest message, decompressed. */
  constructor(reader: InboxReader, maxBytes: number) {
    this.#reader = reader;
    this.#maxBytes = maxBytes;
  }

  push(bytes: Buffer, compressed: boolean, cost: number): void {
    this.#messages.push({ bytes, compressed, cost });
    this.advance();
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.advance();
  }

  /** Nobody wants them any more. */
  close(): void {
    this.#closed = true;
    this.#messages.length = 0;
  }

  /** Goes on, if a message is wanted. */
  advance(): void {
    if (!this.#busy && !this.#closed) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#messages.length > 0 && this.#reader.wantsMessage) {
        const { bytes, compressed, cost } = this.#messages.shift()!;
        const plain = compressed ? await decompress(bytes, this.#maxBytes) : bytes;
        if (this.#closed) return;
        this.#reader.onBytes(plain, 0, plain.length, cost);
      }
    } catch (error) {
      if (!this.#closed) this.#reader.onInboxError(error);
      return;
    } finally {
      this.#busy = false;
    }
    if (this.#ended && this.#messages.length === 0 && !this.#closed) {
      this.#closed = true;
      this.#reader.onInboxEnd();
    }
  }
}
