import type { Reader } from "./reader.js";
import {
  checkDouble,
  checkFloat,
  checkInt32,
  checkUint32,
  FLOAT32_MAX,
  floatOf,
  isInt32,
  isUint32,
  setSigned,
  setUnsigned,
} from "./scalar-values.js";
import { doubles, floats, HIGH, LOW, signed, unsigned, words } from "./words64.js";
import { readWord } from "./word.js";
import { NUMBER_FIELD, type Writer } from "./writer.js";

// Types of numbers that are not in every message: a bundle has the functions that its messages call. As with the writer's methods,
// a tag of 0 is none. A value of 64 bits that is a number but no integer, or a string that is no number, throws as `BigInt` does.

export function writeSint32(w: Writer, tag: number, value: number): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  const checked = isInt32(value) ? value : checkInt32(value);
  w.low(((checked << 1) ^ (checked >> 31)) >>> 0);
}

export function readSint32(r: Reader): number {
  const value = r.int32();
  return (value >>> 1) ^ -(value & 1);
}

export function writeInt64(w: Writer, tag: number, value: string | number | bigint): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  setSigned(value);
  w.both(words[LOW]!, words[HIGH]!);
}

/** Puts the value of the last varint of 64 bits where it can be seen as a bigint. */
function seen(r: Reader): void {
  words[LOW] = r.low;
  words[HIGH] = r.high;
}

export function readInt64(r: Reader): bigint {
  r.varint64();
  seen(r);
  return signed[0]!;
}

export function writeUint64(w: Writer, tag: number, value: string | number | bigint): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  setUnsigned(value);
  w.both(words[LOW]!, words[HIGH]!);
}

export function readUint64(r: Reader): bigint {
  r.varint64();
  seen(r);
  return unsigned[0]!;
}

export function writeSint64(w: Writer, tag: number, value: string | number | bigint): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  setSigned(value);
  const low = words[LOW]!;
  const high = words[HIGH]!;
  const sign = high >> 31;
  w.both((low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
}

export function readSint64(r: Reader): bigint {
  r.varint64();
  const { low, high } = r;
  const sign = -(low & 1);
  words[LOW] = ((low >>> 1) | (high << 31)) ^ sign;
  words[HIGH] = (high >>> 1) ^ sign;
  return signed[0]!;
}

export function writeFixed32(w: Writer, tag: number, value: number): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  writeWord(w, isUint32(value) ? value : checkUint32(value));
}

export function readFixed32(r: Reader): number {
  return readWord(r) >>> 0;
}

export function writeSfixed32(w: Writer, tag: number, value: number): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  writeWord(w, isInt32(value) ? value : checkInt32(value));
}

export function readSfixed32(r: Reader): number {
  return readWord(r);
}

export function writeFixed64(w: Writer, tag: number, value: string | number | bigint): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  setUnsigned(value);
  writeTwoWords(w);
}

export function readFixed64(r: Reader): bigint {
  readTwoWords(r);
  return unsigned[0]!;
}

export function writeSfixed64(w: Writer, tag: number, value: string | number | bigint): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  setSigned(value);
  writeTwoWords(w);
}

export function readSfixed64(r: Reader): bigint {
  readTwoWords(r);
  return signed[0]!;
}

export function writeFloat(w: Writer, tag: number, value: number): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  const checked = typeof value === "number" ? value : floatOf(value);
  if (Math.abs(checked) > FLOAT32_MAX) checkFloat(checked);
  floats[LOW] = checked;
  writeWord(w, words[LOW]!);
}

export function readFloat(r: Reader): number {
  words[LOW] = readWord(r);
  return floats[LOW]!;
}

export function writeDouble(w: Writer, tag: number, value: number): void {
  w.room(NUMBER_FIELD);
  w.tag(tag);
  doubles[0] = typeof value === "number" ? value : checkDouble(value);
  writeTwoWords(w);
}

export function readDouble(r: Reader): number {
  readTwoWords(r);
  return doubles[0]!;
}

/** Writes 32 bits, little-endian, for which there is room. */
function writeWord(w: Writer, value: number): void {
  const { buffer, position } = w;
  buffer[position] = value;
  buffer[position + 1] = value >>> 8;
  buffer[position + 2] = value >>> 16;
  buffer[position + 3] = value >>> 24;
  w.position = position + 4;
}

function writeTwoWords(w: Writer): void {
  writeWord(w, words[LOW]!);
  writeWord(w, words[HIGH]!);
}

function readTwoWords(r: Reader): void {
  // Both are there, or the error says where they begin.
  r.position = r.advance(8);
  words[LOW] = readWord(r);
  words[HIGH] = readWord(r);
}
