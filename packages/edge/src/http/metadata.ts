import { isSettable, Metadata } from "@callwire/transport/client";
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

/** A name that metadata can have. */
const KEY = /^[0-9a-z_.-]+$/;

/** @throws {TypeError} for a name that is none, or that is not metadata's to have. */
export function checkNames(option: string, names: readonly string[]): readonly string[] {
  for (const name of names) {
    if (!KEY.test(name))
      throw new TypeError(
        `createEdge: ${option}: ${JSON.stringify(name)} is no name of metadata, in lower case`,
      );
    if (OWN_FIELD.test(name))
      throw new TypeError(`createEdge: ${option}: ${name} belongs to HTTP or to gRPC itself`);
  }
  return names;
}

/** The metadata of a call: the fields that are named. @throws {EdgeError} for a value that metadata cannot have. */
export function metadataOf(exchange: Exchange, names: readonly string[]): Metadata {
  const metadata = Metadata();
  for (const name of names) {
    const value = exchange.header(name);
    if (value !== undefined) setField(metadata, name, value);
  }
  return metadata;
}

/** Fields that clients of HTTP send for its own sake, and what belongs to Connect and gRPC-Web: nobody means them as metadata. */
const HTTP_FIELD =
  /^(?:accept|accept-.*|access-control-.*|cache-control|connect-.*|content-.*|cookie|dnt|expect|if-.*|origin|pragma|priority|proxy-.*|range|referer|sec-.*|trailer|upgrade-.*|x-grpc-web|x-user-agent)$/;

/**
 * The metadata of a call by a protocol of RPC: every field that gRPC would take as metadata.
 *
 * @param names Fields that are taken in any case, as options name them.
 * @throws {EdgeError} for a value that metadata cannot have.
 */
export function allMetadataOf(exchange: Exchange, names: readonly string[]): Metadata {
  const metadata = Metadata();
  for (const [name, value] of exchange.fields()) {
    if ((isSettable(name) && KEY.test(name) && !HTTP_FIELD.test(name)) || names.includes(name))
      setField(metadata, name, value);
  }
  return metadata;
}

function setField(metadata: Metadata, name: string, value: string): void {
  try {
    if (!name.endsWith("-bin")) metadata.set(name, value);
    // Several values of a name come joined.
    else for (const part of value.split(",")) metadata.append(name, bytesOf(part.trim()));
  } catch {
    throw new EdgeError("BAD_HEADER", `the header field ${name} has a value that is not allowed`);
  }
}

function bytesOf(value: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new Error("not base64");
  return Buffer.from(value, "base64");
}

/** Adds the fields that metadata become to a list: name, value, name, value … Of a name that several have, the first counts. */
export function addFields(fields: string[], sources: readonly Metadata[], names: readonly string[]): void {
  for (const name of names) {
    for (const metadata of sources) {
      if (!metadata.has(name)) continue;
      const values = metadata.getAll(name);
      fields.push(name, name.endsWith("-bin") ? base64Of(values) : values.join(", "));
      break;
    }
  }
}

function base64Of(values: readonly (string | Uint8Array)[]): string {
  return values.map((value) => Buffer.from(value as Uint8Array).toString("base64")).join(", ");
}

/**
 * All metadata that a protocol of RPC sends, as texts: bytes in base64 without padding. Left out is what belongs to HTTP or gRPC, and
 * cookies, unless a name is listed.
 */
export function* textsOf(
  metadata: Metadata,
  names: readonly string[],
): Generator<[name: string, values: string[]], void, undefined> {
  for (const [name, values] of metadata) {
    if (!names.includes(name) && (OWN_FIELD.test(name) || name === "set-cookie" || !isSettable(name)))
      continue;
    const texts = values.map((value: string | Uint8Array) =>
      typeof value === "string" ? value : Buffer.from(value).toString("base64").replace(/=+$/, ""),
    );
    yield [name, texts];
  }
}
