import { Metadata } from "nice-grpc-common";

/** Header fields that are no metadata. */
const RESERVED =
  /^(content-(type|length|encoding)|grpc-(status|message|encoding|accept-encoding)|trailer-.*)$/;

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
export function fieldsOf(metadata: Iterable<[string, (string | Uint8Array)[]]>): Record<string, string> {
  return Object.fromEntries(
    Array.from(metadata, ([name, values]) => [
      name,
      values.map((value) => (typeof value === "string" ? value : toBase64(value))).join(","),
    ]),
  );
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
