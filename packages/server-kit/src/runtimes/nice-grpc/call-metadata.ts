import { Metadata as GrpcJsMetadata } from "@grpc/grpc-js";
import { Metadata, type MetadataValue } from "nice-grpc-common";
import { ignoreResult } from "../../internal/promises.js";

/**
 * The header or trailers of a call from its arrival on. Nice-grpc makes its own when the body is there: from then on, this is
 * another name for those.
 */
export class CallMetadata implements Metadata {
  #inner = Metadata();

  /** Moves all to nice-grpc's. */
  attach(target: Metadata): void {
    for (const [key, values] of this.#inner) target.set(key, values);
    this.#inner = target;
  }

  set<Key extends string>(key: Key, value: MetadataValue<Key> | MetadataValue<Key>[]): Metadata {
    ignoreResult(value, () => {});
    this.#inner.set(key, value);
    return this;
  }
  append<Key extends string>(key: Key, value: MetadataValue<Key>): Metadata {
    ignoreResult(value, () => {});
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

/**
 * Fields that a handler's metadata must not have: those that node:http2 refuses by an exception that nobody catches
 * (RFC 9113, section 8.2.2), and those that gRPC itself writes.
 */
const ownFields = [
  "connection",
  "content-length",
  "content-type",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];

/**
 * Takes out of metadata what may not be sent. So are blanks around a value (RFC 9113, section 8.2.1): a peer on nghttp2, as node:http2
 * is, drops the whole field for them.
 */
export function sendable(metadata: GrpcJsMetadata): GrpcJsMetadata {
  for (const field of ownFields) metadata.remove(field);
  for (const name of Object.keys(metadata.getMap())) {
    const values = metadata.get(name);
    if (values.every((value) => typeof value !== "string" || value === value.trim())) continue;
    metadata.remove(name);
    for (const value of values) metadata.add(name, typeof value === "string" ? value.trim() : value);
  }
  return metadata;
}

export function fromGrpcJs(source: GrpcJsMetadata): Metadata {
  const metadata = Metadata();
  for (const key of Object.keys(source.getMap())) {
    for (const value of source.get(key)) metadata.append(key, value);
  }
  return metadata;
}

export function toGrpcJs(source: Metadata): GrpcJsMetadata {
  const metadata = new GrpcJsMetadata();
  for (const [key, values] of source) {
    for (const value of values) metadata.add(key, typeof value === "string" ? value : Buffer.from(value));
  }
  return metadata;
}
