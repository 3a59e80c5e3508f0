// Stands in for `writer.ts` in a bundle for browsers: the same bytes and errors, in a third of the bytes. What it leaves out is
// speed: memory that messages share, bytes that are borrowed (all are copied), and a guess of each length.
import { ProtobufError } from "./protobuf-error.js";
import { checkBool, checkInt32, checkString, checkUint32 } from "./scalar-values.js";
import { unknownFields } from "./unknown-fields-key.js";
import type { WritableType, Writer as FullWriter } from "./writer.js";

export const MAX_MESSAGE_BYTES = 0x7fffffff;
/** The least memory that a message moves to, in bytes. */
export const CHUNK_BYTES = 64 * 1024;
export const NUMBER_FIELD = 15;

export const noBytes: Uint8Array = /* @__PURE__ */ new Uint8Array();

const encoder = /* @__PURE__ */ new TextEncoder();

/** What hands over memory, which a transport needs: a bundle has none. */
type Handing = "begin" | "isWhole" | "pieces" | "release" | "restart" | "start";

export class Writer implements Omit<FullWriter, Handing> {
  buffer = noBytes;
  position = 0;

  get length(): number {
    return this.position;
  }

  finish(): Uint8Array {
    const { buffer, position } = this;
    this.buffer = noBytes;
    this.position = 0;
    return buffer.subarray(0, position);
  }

  room(bytes: number): void {
    const { buffer } = this;
    const needed = this.position + bytes;
    if (needed <= buffer.length) return;
    if (needed > MAX_MESSAGE_BYTES)
      throw new ProtobufError(`message of more than ${MAX_MESSAGE_BYTES} bytes`);
    this.buffer = new Uint8Array(Math.min(needed * 2, MAX_MESSAGE_BYTES));
    this.buffer.set(buffer);
  }

  open(tag: number, lengthSize = 1): number {
    this.raw32(tag);
    return (this.position += lengthSize);
  }

  close(opened: number, lengthSize = 1): number {
    const content = this.buffer.slice(opened, this.position);
    this.position = opened - lengthSize;
    this.bytes(0, content);
    return lengthSize;
  }

  message<T>(tag: number, type: WritableType<T>, message: T): void {
    const opened = this.open(tag);
    type.write(message, this as never);
    this.close(opened);
  }

  tag(tag: number): number {
    if (tag !== 0) this.low(tag);
    return this.position;
  }

  raw32(value: number): void {
    this.room(NUMBER_FIELD);
    this.low(value);
  }

  raw(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  unknown(message: object): void {
    const unknown = (message as { [unknownFields]?: { bytes: Uint8Array } })[unknownFields];
    if (unknown) this.raw(unknown.bytes);
  }

  uint32(tag: number, value: number): void {
    this.room(NUMBER_FIELD);
    this.tag(tag);
    this.low(checkUint32(value));
  }

  int32(tag: number, value: number): void {
    this.room(NUMBER_FIELD);
    this.tag(tag);
    const checked = checkInt32(value);
    // A negative number is extended to 64 bits: ten bytes.
    this.both(checked, checked >> 31);
  }

  bool(tag: number, value: boolean): void {
    this.uint32(tag, checkBool(value) ? 1 : 0);
  }

  bytes(tag: number, value: Uint8Array): void {
    // An ArrayBuffer has no length, and an array of larger numbers has another one.
    this.uint32(tag, (value.byteLength === value.length && value.length) as number);
    this.raw(value);
  }

  string(tag: number, value: string): void {
    this.bytes(tag, encoder.encode(checkString(value)));
  }

  low(value: number): void {
    this.both(value, 0);
  }

  both(low: number, high: number): void {
    const { buffer } = this;
    while (high !== 0 || low >>> 0 > 127) {
      buffer[this.position++] = low | 128;
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    buffer[this.position++] = low;
  }
}
