/**
 * Pure: a message as JSON takes it, by protobuf's mapping: integers of 64 bits are texts, bytes are base64, and maps are
 * objects, whatever their keys.
 */
export function jsonValue(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return base64(value);
  if (Array.isArray(value)) return value.map(jsonValue);
  const fields = value instanceof Map ? Array.from(value) : Object.entries(value);
  return Object.fromEntries(fields.map(([name, field]) => [String(name), jsonValue(field)]));
}

/** Bytes as base64, padded. */
export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
