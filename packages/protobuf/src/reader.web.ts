// Stands in for `reader.ts` in a bundle for browsers: the same results and errors, in a third of the bytes. What it leaves out is
// speed: an own path for short varints, and text that is cut from a shared string.
import { ProtobufError } from "./protobuf-error.js";
import type { ReadableType, Reader as FullReader, TakeBytes } from "./reader.js";
import { unknownFieldsOf } from "./unknown-fields.js";
import { noBytes } from "./writer.js";

export const MAX_DEPTH = 100;
/** No string keeps memory of its message alive here. */
export const TEXT_WINDOW_BYTES = 0;

export const viewBytes: TakeBytes = (buffer, start, end) => buffer.subarray(start, end);

const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/** What takes memory over, which a transport needs, and what functions do here: a bundle has none of it, or no more than it calls. */
type Omitted = "begin" | "group" | "release" | "word";

export class Reader implements Omit<FullReader, Omitted> {
  buffer: Uint8Array = noBytes;
  position = 0;
  limit = 0;
  tagAt = 0;
  low = 0;
  high = 0;
  #depth = 0;
  #end = 0;

  constructor(bytes = noBytes) {
    this.buffer = bytes;
    this.limit = this.#end = bytes.length;
  }

  tag(): number {
    const at = (this.tagAt = this.position);
    this.varint64();
    if (this.high !== 0) throw new ProtobufError("field number over 2^29-1", at);
    return this.low >>> 0;
  }

  range(): number {
    const outer = this.limit;
    const length = this.#length();
    const start = this.advance(length);
    this.limit = this.position;
    this.position = start;
    return outer;
  }

  more(outer: number): boolean {
    if (this.position < this.limit) return true;
    this.limit = outer;
    return false;
  }

  message<T>(type: ReadableType<T>, into: T | undefined): T {
    const outer = this.range();
    const message = this.nested(type, into);
    this.limit = outer;
    return message;
  }

  /** Reads a message up to the limit. */
  nested<T>(type: ReadableType<T>, into: T | undefined): T {
    const message = into ?? type.create();
    this.#deeper(++this.#depth);
    type.read(message, this as never);
    this.#depth--;
    return message;
  }

  int32(): number {
    this.varint64();
    return this.low;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  bool(): boolean {
    return (this.int32() | this.high) !== 0;
  }

  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  string(): string {
    const length = this.#length();
    const start = this.advance(length);
    try {
      return decoder.decode(this.buffer.subarray(start, this.position));
    } catch {
      throw new ProtobufError("text that is not UTF-8", start);
    }
  }

  strings(_tag: number, into: string[]): string[] {
    const list = into.length === 0 ? [] : into;
    list.push(this.string());
    return list;
  }

  unknown(tag: number, message: object): void {
    const start = this.tagAt;
    this.skip(tag);
    unknownFieldsOf(message).add(this.buffer, start, this.position);
  }

  skip(tag: number): boolean {
    this.skipValue(tag, this.#depth + 1);
    return true;
  }

  skipValue(tag: number, depth: number, at = this.tagAt): void {
    const number = tag >>> 3;
    const wire = tag & 7;
    if (number === 0) throw new ProtobufError("field number 0", at);
    if (wire === 0) this.varint64();
    else if (wire === 2) this.advance(this.#length());
    else if (wire === 3) {
      this.#deeper(depth);
      for (;;) {
        const start = this.position;
        const inner = this.tag();
        if ((inner & 7) !== 4) this.skipValue(inner, depth + 1, start);
        else if (inner >>> 3 === number) return;
        else throw new ProtobufError(`group ${number} ended as group ${inner >>> 3}`, start);
      }
    } else if (wire === 4) throw new ProtobufError("end of a group that was not begun", at);
    else if (wire > 5) throw new ProtobufError(`illegal wire type ${wire}`, at);
    else this.advance(wire === 1 ? 8 : 4);
  }

  advance(length: number): number {
    const start = this.position;
    if (length > this.limit - start) throw this.#truncated();
    this.position = start + length;
    return start;
  }

  varint64(): void {
    let { position } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= this.limit) throw this.#truncated();
      const byte = this.buffer[position++]!;
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      if (shift > 27) high |= shift < 32 ? bits >> 4 : bits << (shift - 32);
      // The tenth byte holds the last of the 64 bits.
      if (byte < 128 && (shift < 63 || byte < 2)) {
        this.low = low;
        this.high = high;
        this.position = position;
        return;
      }
    }
    throw new ProtobufError("varint of more than 64 bits", this.position);
  }

  #length(): number {
    const { position } = this;
    this.varint64();
    if (this.high !== 0 || this.low < 0) throw new ProtobufError("length beyond the message", position);
    return this.low;
  }

  #deeper(depth: number): void {
    if (depth >= MAX_DEPTH)
      throw new ProtobufError(`more than ${MAX_DEPTH} messages in one another`, this.position);
  }

  #truncated(): ProtobufError {
    return new ProtobufError(
      this.limit === this.#end ? "message cut short" : "field beyond the end of its message",
      this.position,
    );
  }
}
