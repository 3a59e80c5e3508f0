import { Metadata, type MetadataValue } from "nice-grpc-common";
import type { HeaderList } from "../hpack/header-list.js";

/** Header fields that belong to HTTP/2 and gRPC, and are not metadata: applications neither see nor set them. */
const RESERVED = new Set([
  "content-type",
  "te",
  "grpc-encoding",
  "grpc-accept-encoding",
  "grpc-timeout",
  "grpc-message-type",
  "grpc-status",
  "grpc-message",
  "accept-encoding",
  "content-length",
  "host",
]);

/** Fields that applications may see, as with other gRPC servers, and not set (RFC 9113, section 8.2.2). */
const READ_ONLY = new Set([
  "user-agent",
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Whether a field is of the application's. */
function isMetadata(name: string): boolean {
  return name.charCodeAt(0) !== 0x3a /* : */ && !RESERVED.has(name);
}

/** Canonical base64 with or without padding (gRPC over HTTP/2, "Binary-Header"). */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether every `-bin` value of a list is base64. */
export function hasValidBinaryValues({ fields }: HeaderList): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    if (!fields[i]!.endsWith("-bin")) continue;
    for (const part of fields[i + 1]!.split(",")) {
      const text = part.trim();
      if (!BASE64.test(text) || text.replace(/=+$/, "").length % 4 === 1) return false;
    }
  }
  return true;
}

/** Whether every value that is not binary is printable ASCII (gRPC over HTTP/2, "ASCII-Value"). */
export function hasPrintableValues({ fields }: HeaderList): boolean {
  for (let i = 1; i < fields.length; i += 2) {
    if (isMetadata(fields[i - 1]!) && !/^[ -~]*$/.test(fields[i]!)) return false;
  }
  return true;
}

/** The metadata of a header list. */
function fromHeaderList({ fields }: HeaderList): Metadata {
  const metadata = Metadata();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (!isMetadata(name)) continue;
    if (name.endsWith("-bin")) {
      // A peer may join several values by commas.
      for (const part of value.split(",")) metadata.append(name, Buffer.from(part.trim(), "base64"));
    } else metadata.append(name, value);
  }
  return metadata;
}

/** Metadata as header fields: name, value, name, value …; undefined if there are none. */
export function toFields(metadata: Metadata): string[] | undefined {
  if (metadata instanceof LazyMetadata && metadata.isUntouched) return undefined;
  let fields: string[] | undefined;
  for (const [name, values] of metadata) {
    if (!isMetadata(name) || READ_ONLY.has(name)) continue;
    for (const value of values) {
      fields ??= [];
      // RFC 9113, section 8.2.1: no white space around it.
      if (typeof value === "string") fields.push(name, value.trim());
      // Without padding, as most peers send it.
      else fields.push(name, Buffer.from(value).toString("base64").replace(/=+$/, ""));
    }
  }
  return fields;
}

/** Metadata that costs nothing until somebody looks at it: most calls never do. */
export class LazyMetadata implements Metadata {
  #list: HeaderList | undefined;
  #metadata: Metadata | undefined;

  /** @param list What it is made of. Default: it is empty. */
  constructor(list?: HeaderList) {
    this.#list = list;
  }

  /** Whether nobody has looked at it, nor put anything in. */
  get isUntouched(): boolean {
    return this.#metadata === undefined;
  }

  get #inner(): Metadata {
    this.#metadata ??= this.#list === undefined ? Metadata() : fromHeaderList(this.#list);
    this.#list = undefined;
    return this.#metadata;
  }

  set<Key extends string>(key: Key, value: MetadataValue<Key> | MetadataValue<Key>[]): Metadata {
    this.#inner.set(key, value);
    return this;
  }
  append<Key extends string>(key: Key, value: MetadataValue<Key>): Metadata {
    this.#inner.append(key, value);
    return this;
  }
  delete(key: string): void {
    this.#inner.delete(key);
  }
  get<Key extends string>(key: Key): MetadataValue<Key> | undefined {
    return this.#inner.get(key);
  }
  getAll<Key extends string>(key: Key): MetadataValue<Key>[] {
    return this.#inner.getAll(key);
  }
  has(key: string): boolean {
    return this.#inner.has(key);
  }
  [Symbol.iterator](): IterableIterator<[string, (string | Uint8Array)[]]> {
    return this.#inner[Symbol.iterator]();
  }
}
