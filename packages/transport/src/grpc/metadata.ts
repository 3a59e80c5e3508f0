import { Metadata, type MetadataValue } from "nice-grpc-common";
import { isPrintable } from "../hpack/field-rules.js";
import type { HeaderList } from "../hpack/header-list.js";
import { fieldName, type FieldName } from "./field-names.js";

/** Among so many names one is looked for in their order; among more by an index. */
const MAX_SCANNED_NAMES = 16;

/** Canonical base64 with or without padding (gRPC over HTTP/2, "Binary-Header"). */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const SPACE = 0x20;

type Value = string | Uint8Array;

/**
 * The most values of `-bin` fields that one message has, whether joined by commas or not: HPACK repeats thousands of them for a
 * few bytes.
 */
export const MAX_BINARY_VALUES = 128;

/** The number of values that a `-bin` field has, joined by commas; `NaN` if one is not base64, `Infinity` if there are too many. */
export function countBinaryValues(value: string): number {
  if (!value.includes(",")) return isBase64(value) ? 1 : Number.NaN;
  const parts = value.split(",", MAX_BINARY_VALUES + 1);
  if (parts.length > MAX_BINARY_VALUES) return Infinity;
  return parts.every(isBase64) ? parts.length : Number.NaN;
}

function isBase64(value: string): boolean {
  const text = value.trim();
  return BASE64.test(text) && text.replace(/=+$/, "").length % 4 !== 1;
}

/**
 * Metadata as header fields: name, value, name, value …; undefined if there are none.
 *
 * @returns Fields that must not be changed: they may be the metadata's own.
 * @throws {Error} If it is no metadata, or an implementation of somebody's lets through what nice-grpc's does not.
 */
export function toFields(metadata: Metadata): readonly string[] | undefined {
  return (metadata instanceof LazyMetadata ? metadata : LazyMetadata.copyOf(metadata)).toFields();
}

/**
 * Metadata with nice-grpc's rules, results and errors, that costs little: what was received is read where it stands, what
 * is written stands in one list as it goes out, and a copy shares that list until one of both is written to.
 */
export class LazyMetadata implements Metadata {
  /** The fields received, while nothing was written. */
  #list: HeaderList | undefined;
  /** Another implementation's metadata that this is a copy of, while nothing was written. */
  #source: Metadata | undefined;
  /** Name, value, name, value …: texts once for each name, bytes once for each value. Made by the first write. */
  #pairs: Value[] | undefined;
  /** True if a name may have several values. */
  #hasRepeats = false;
  /** True if the pairs are somebody else's too: they are copied before they are changed. */
  #isShared = false;
  /** True if the pairs can be sent as they stand. */
  #isSendable = true;
  /** Where each name's first pair is, if there are many names, and nothing has moved since. */
  #index: Map<string, number> | undefined;

  /** @param list The received fields. Default: none. */
  constructor(list?: HeaderList) {
    this.#list = list;
  }

  /**
   * A copy, which costs nothing until it is written to.
   *
   * @param other The metadata to copy. Changes to it that come later do not show in the copy if it is a LazyMetadata; one of another
   *   implementation must stay as it is until the copy is written to, or sent.
   */
  static copyOf(other: Metadata | undefined): LazyMetadata {
    const copy = new LazyMetadata();
    if (other === undefined) return copy;
    if (!(other instanceof LazyMetadata)) {
      copy.#source = other;
      return copy;
    }
    copy.#list = other.#list;
    copy.#source = other.#source;
    if (other.#pairs !== undefined) {
      copy.#pairs = other.#pairs;
      copy.#hasRepeats = other.#hasRepeats;
      copy.#isSendable = other.#isSendable;
      copy.#isShared = other.#isShared = true;
    }
    return copy;
  }

  set<Key extends string>(key: Key, value: MetadataValue<Key> | MetadataValue<Key>[]): Metadata {
    const field = fieldName(key);
    if (!Array.isArray(value)) {
      check(field, value);
      this.#replace(field, value);
    } else if (value.length === 0) this.#remove(field);
    else {
      for (const item of value) check(field, item);
      this.#replace(field, field.isBinary ? value[0]! : value.join(", "));
      if (field.isBinary) for (const item of value.slice(1)) this.#append(field, item);
    }
    return this;
  }

  append<Key extends string>(key: Key, value: MetadataValue<Key>): Metadata {
    const field = fieldName(key);
    check(field, value);
    this.#append(field, value);
    return this;
  }

  delete(key: string): void {
    this.#remove(fieldName(key));
  }

  get<Key extends string>(key: Key): MetadataValue<Key> | undefined {
    return this.#get(fieldName(key)) as MetadataValue<Key> | undefined;
  }

  getAll<Key extends string>(key: Key): MetadataValue<Key>[] {
    const field = fieldName(key);
    const value = this.#get(field);
    if (value === undefined) return [];
    return (field.isBinary ? this.#valuesOf(field.name) : [value]) as MetadataValue<Key>[];
  }

  has(key: string): boolean {
    return this.#get(fieldName(key)) !== undefined;
  }

  /** The names in the order in which they came first, as they are now. */
  [Symbol.iterator](): IterableIterator<[string, Value[]]> {
    const pairs = this.#toPairs();
    const values = new Map<string, Value[]>();
    for (let i = 0; i < pairs.length; i += 2) {
      const name = pairs[i] as string;
      const others = values.get(name);
      if (others === undefined) values.set(name, [pairs[i + 1]!]);
      else others.push(pairs[i + 1]!);
    }
    return values[Symbol.iterator]();
  }

  /** See {@link toFields}. */
  toFields(): readonly string[] | undefined {
    const pairs = this.#toPairs();
    if (pairs.length === 0) return undefined;
    if (this.#isSendable) {
      this.#isShared = true;
      return pairs as string[];
    }
    const fields: string[] = [];
    for (const [name, values] of this) {
      if (!fieldName(name).isSettable) continue;
      for (const value of values) fields.push(name, toField(value));
    }
    return fields.length === 0 ? undefined : fields;
  }

  #get(field: FieldName): Value | undefined {
    if (this.#pairs !== undefined) {
      const at = this.#find(field.name);
      return at < 0 ? undefined : this.#pairs[at + 1];
    }
    if (this.#list !== undefined)
      return field.isMetadata && field.isKey ? received(this.#list, field) : undefined;
    return this.#source?.get(field.name);
  }

  #valuesOf(name: string): Value[] {
    return this.#toPairs().filter((_, i, pairs) => i % 2 === 1 && pairs[i - 1] === name);
  }

  #replace(field: FieldName, value: Value): void {
    const pairs = this.#toWrite();
    const at = this.#find(field.name);
    if (at < 0) {
      this.#push(pairs, field, value);
      return;
    }
    pairs[at + 1] = value;
    if (!isSendable(field, value)) this.#isSendable = false;
    if (this.#hasRepeats) this.#removeFrom(pairs, at + 2, field.name);
  }

  #append(field: FieldName, value: Value): void {
    const pairs = this.#toWrite();
    const at = this.#find(field.name);
    if (at < 0) this.#push(pairs, field, value);
    else if (!field.isBinary) {
      pairs[at + 1] = `${pairs[at + 1] as string}, ${value as string}`;
      this.#isSendable = false;
    } else {
      pairs.push(field.name, value);
      this.#hasRepeats = true;
    }
  }

  #remove(field: FieldName): void {
    if (this.#get(field) === undefined) return;
    const pairs = this.#toWrite();
    const at = this.#find(field.name);
    if (this.#hasRepeats) this.#removeFrom(pairs, at, field.name);
    else {
      pairs.splice(at, 2);
      this.#index = undefined;
    }
  }

  /** Removes the pairs of a name, from a position on. */
  #removeFrom(pairs: Value[], start: number, name: string): void {
    let to = start;
    for (let i = start; i < pairs.length; i += 2) {
      if (pairs[i] === name) continue;
      pairs[to++] = pairs[i]!;
      pairs[to++] = pairs[i + 1]!;
    }
    pairs.length = to;
    this.#index = undefined;
  }

  #push(pairs: Value[], field: FieldName, value: Value): void {
    this.#index?.set(field.name, pairs.length);
    pairs.push(field.name, value);
    if (!isSendable(field, value)) this.#isSendable = false;
  }

  /** Where a name's first pair is; -1 if there is none. */
  #find(name: string): number {
    const pairs = this.#pairs!;
    if (pairs.length > 2 * MAX_SCANNED_NAMES) return (this.#index ??= indexOf(pairs)).get(name) ?? -1;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return i;
    return -1;
  }

  /** The pairs, to be changed. */
  #toWrite(): Value[] {
    const pairs = this.#toPairs();
    if (!this.#isShared) return pairs;
    this.#isShared = false;
    return (this.#pairs = pairs.slice());
  }

  #toPairs(): Value[] {
    return this.#pairs ?? this.#makePairs();
  }

  #makePairs(): Value[] {
    const pairs: Value[] = (this.#pairs = []);
    const list = this.#list;
    const source = this.#source;
    try {
      if (list !== undefined) this.#takeList(list);
      else if (source !== undefined) this.#takeAll(source);
    } catch (error) {
      this.#pairs = undefined;
      throw error;
    }
    this.#list = undefined;
    this.#source = undefined;
    return pairs;
  }

  #takeList({ fields }: HeaderList): void {
    let left = MAX_BINARY_VALUES;
    for (let i = 0; i < fields.length; i += 2) {
      const field = fieldName(fields[i]!);
      // HTTP allows names, and servers send texts, that gRPC does not: the others must not be lost with them.
      if (!field.isMetadata || !field.isKey) continue;
      if (!field.isBinary) {
        if (field.isText(fields[i + 1]!)) this.#append(field, fields[i + 1]!);
        continue;
      }
      // A peer may join several values by commas.
      const parts = fields[i + 1]!.split(",", left);
      left -= parts.length;
      for (const part of parts) this.#append(field, fromBase64(part));
    }
  }

  #takeAll(source: Metadata): void {
    for (const [name, values] of source) {
      const field = fieldName(name);
      for (const value of values) {
        check(field, value);
        this.#append(field, value);
      }
    }
  }
}

/** The value of a name among received fields: of several texts all, of several binary ones the first. */
function received(list: HeaderList, field: FieldName): Value | undefined {
  const { base } = list;
  // Both apart: to read a field or two is not worth a list of all.
  const value = base && receivedIn(base, field, undefined);
  return value !== undefined && field.isBinary ? value : receivedIn(list, field, value as string | undefined);
}

/** @param text The texts before these. */
function receivedIn(
  list: HeaderList,
  { name, isBinary }: FieldName,
  text: string | undefined,
): Value | undefined {
  const fields = list.rest;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] !== name) continue;
    const value = fields[i + 1]!;
    if (isBinary) return fromBase64(value.split(",", 1)[0]!);
    if (!list.isText && !isPrintable(value)) continue;
    text = text === undefined ? value : `${text}, ${value}`;
  }
  return text;
}

/** @throws {Error} Nice-grpc's, for what its Metadata does not take. */
function check(field: FieldName, value: unknown): void {
  if (field.isKey) {
    if (field.isBinary ? value instanceof Uint8Array : typeof value === "string" && field.isText(value))
      return;
  }
  // Its rejection is no concern of the process.
  if (value instanceof Promise) value.catch(() => {});
  Metadata().append(field.name, value as string);
}

/** True if a pair can be sent as it stands. */
function isSendable({ isSettable }: FieldName, value: Value): boolean {
  if (!isSettable || typeof value !== "string") return false;
  return value.charCodeAt(0) !== SPACE && value.charCodeAt(value.length - 1) !== SPACE;
}

function indexOf(pairs: Value[]): Map<string, number> {
  const index = new Map<string, number>();
  for (let i = pairs.length - 2; i >= 0; i -= 2) index.set(pairs[i] as string, i);
  return index;
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text.trim(), "base64");
}

/** A value as it is sent: without white space around it (RFC 9113, section 8.2.1); bytes without padding, as by most peers. */
function toField(value: Value): string {
  if (typeof value === "string") return value.trim();
  const { buffer, byteOffset, length } = value;
  return Buffer.from(buffer, byteOffset, length).toString("base64").replace(/=+$/, "");
}
