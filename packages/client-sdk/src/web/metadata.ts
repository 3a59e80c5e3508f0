import type { Metadata } from "nice-grpc-common";
import { base64 } from "../internal/json-value.js";

/** Header fields that belong to HTTP or the protocol, and are no metadata in either direction. */
const RESERVED =
  /^(te|host|upgrade|user-agent|keep-alive|(proxy-)?connection|http2-settings|content-(type|length)|grpc-(timeout|message-type|status|message)|(grpc-|content-|transfer-|(grpc-)?accept-)encoding|trailer-.*)$/;

/** Adds a header field to metadata, unless it is none, or no one may have such metadata. */
export function addField(metadata: Metadata, name: string, value: string): void {
  if (RESERVED.test(name)) return;
  try {
    if (!name.endsWith("-bin")) metadata.append(name, value);
    else for (const part of value.split(",")) metadata.append(name, fromBase64(part));
  } catch {
    // A name that only HTTP allows, or bytes that are no base64.
  }
}

/** Metadata as header fields. */
export function fieldsOf(metadata: Metadata): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, values] of metadata) {
    if (RESERVED.test(name)) continue;
    fields[name] = values.map((value) => (typeof value === "string" ? value : base64(value))).join(",");
  }
  return fields;
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0));
}
