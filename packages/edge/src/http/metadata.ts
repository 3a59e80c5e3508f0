import { Metadata } from "@callwire/transport";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "./exchange.js";

/** The fields of a request that become metadata, where options add none. */
export const DEFAULT_REQUEST_METADATA: readonly string[] = [
  "authorization",
  "traceparent",
  "tracestate",
  "x-request-id",
];

/** The metadata of a response that become fields, where options add none. */
export const DEFAULT_RESPONSE_METADATA: readonly string[] = ["x-request-id"];

/** Fields that mean something to HTTP or to gRPC alone. */
const OWN_FIELD =
  /^(?::.*|grpc-.*|access-control-.*|connection|content-(?:length|type|encoding)|host|keep-alive|origin|proxy-.*|te|trailer|transfer-encoding|upgrade|vary)$/;

/** @throws {TypeError} for a name that is none, or that is not metadata's to have. */
export function checkNames(option: string, names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (!/^[0-9a-z_.-]+$/.test(name))
      throw new TypeError(
        `createEdge: ${option}: ${JSON.stringify(name)} is no name of metadata, in lower case`,
      );
    if (OWN_FIELD.test(name))
      throw new TypeError(`createEdge: ${option}: ${name} belongs to HTTP or to gRPC itself`);
  }
  return names;
}

/** The metadata of a call. @throws {EdgeError} for a value that metadata cannot have. */
export function metadataOf(exchange: Exchange, names: readonly string[]): Metadata {
  const metadata = Metadata();
  for (const name of names) {
    const value = exchange.header(name);
    if (value === undefined) continue;
    try {
      if (name.endsWith("-bin")) metadata.set(name, bytesOf(value));
      else metadata.set(name, value);
    } catch {
      throw new EdgeError("BAD_HEADER", `the header field ${name} has a value that is not allowed`);
    }
  }
  return metadata;
}

function bytesOf(value: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new Error("not base64");
  return Buffer.from(value, "base64");
}

/** The fields that metadata become: name, value, name, value … */
export function fieldsOf(sources: readonly Metadata[], names: readonly string[]): string[] {
  const fields: string[] = [];
  for (const name of names) {
    const found = sources.find((metadata) => metadata.has(name));
    if (found === undefined) continue;
    const values = found
      .getAll(name)
      .map((value: string | Uint8Array) =>
        typeof value === "string" ? value : Buffer.from(value).toString("base64"),
      );
    fields.push(name, values.join(", "));
  }
  return fields;
}
