import { EdgeError } from "../errors/edge-error.js";

/** Length of what stands before each message: one byte of flags and four of length. */
export const PREFIX_LENGTH = 5;

/** The flag of a message that is compressed: gRPC's, and Connect's. */
export const COMPRESSED = 1;

/** The most memory that is taken for an envelope of which hardly anything has come, in bytes. */
const FIRST_MEMORY_BYTES = 4 * 1024;
/** The memory of an envelope is at most so many times what has come of it: the length that it claims costs nothing. */
const MEMORY_GROWTH = 8;

const NO_BYTES = Buffer.alloc(0);

/** A message with its flags, as gRPC-Web and Connect have it in a body. */
export interface Envelope {
  readonly flags: number;
  readonly data: Buffer;
}

/** Writes an envelope. */
export function envelope(flags: number, data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_LENGTH + data.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(data.length, 1);
  bytes.set(data, PREFIX_LENGTH);
  return bytes;
}

/** Cuts a body into its envelopes. */
export class EnvelopeReader {
  /** The part of an envelope that is not complete, with its prefix: the first {@link #have} bytes. */
  #partial = NO_BYTES;
  #have = 0;
  readonly #maxBytes: number;

  /** @param maxBytes The largest message that is taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The memory of an envelope of which a part has come, in bytes; 0 if none has begun. */
  get held(): number {
    return this.#partial.length;
  }

  /**
   * The envelopes that a part of the body completes.
   *
   * @throws {EdgeError} as soon as one claims to be too long.
   */
  *read(bytes: Uint8Array): Generator<Envelope, void, undefined> {
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < all.length;) {
      const end = this.#have === 0 ? this.#endOf(all, all.length, at) : undefined;
      if (end !== undefined && end <= all.length) {
        yield { flags: all[at]!, data: all.subarray(at + PREFIX_LENGTH, end) };
        at = end;
        continue;
      }
      const missing = (this.#endOf(this.#partial, this.#have) ?? PREFIX_LENGTH) - this.#have;
      const taken = all.subarray(at, at + missing);
      this.#add(taken);
      at += taken.length;
      if (this.#have !== this.#endOf(this.#partial, this.#have)) continue;
      yield { flags: this.#partial[0]!, data: this.#partial.subarray(PREFIX_LENGTH, this.#have) };
      this.#partial = NO_BYTES;
      this.#have = 0;
    }
  }

  /** @throws {EdgeError} if the body ends inside of an envelope. */
  end(): void {
    if (this.held > 0) throw new EdgeError("BAD_ENVELOPE", "the body ends inside of a message");
  }

  /** Where the envelope ends that begins at a place; undefined before its prefix has come. @param have The bytes that have come. */
  #endOf(bytes: Buffer, have: number, at = 0): number | undefined {
    if (have - at < PREFIX_LENGTH) return undefined;
    const length = bytes.readUInt32BE(at + 1);
    if (length > this.#maxBytes)
      throw new EdgeError(
        "BODY_TOO_LARGE",
        `a message of ${length} bytes, where ${this.#maxBytes} are allowed`,
      );
    return at + PREFIX_LENGTH + length;
  }

  #add(bytes: Buffer): void {
    const size = this.#have + bytes.length;
    if (size > this.#partial.length) {
      const memory = Math.max(FIRST_MEMORY_BYTES, MEMORY_GROWTH * size);
      const end = this.#endOf(this.#partial, this.#have) ?? PREFIX_LENGTH;
      const larger = Buffer.allocUnsafe(Math.max(Math.min(end, memory), size));
      this.#partial.copy(larger, 0, 0, this.#have);
      this.#partial = larger;
    }
    bytes.copy(this.#partial, this.#have);
    this.#have = size;
  }
}
