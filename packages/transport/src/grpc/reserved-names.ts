import { CONTRACT_HEADER } from "./contract.js";

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

/** Fields that belong to one connection, and are not allowed in HTTP/2 (RFC 9113, section 8.2.2). */
export const CONNECTION = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** Fields that applications may see, as with other gRPC servers, and not set. */
const READ_ONLY = new Set([...CONNECTION, "user-agent", "http2-settings", CONTRACT_HEADER]);

/** True for a field that belongs to HTTP/2 or gRPC, by its name in lower case: applications do not see it. */
export function isReserved(name: string): boolean {
  return name.charCodeAt(0) === 0x3a /* : */ || RESERVED.has(name);
}

/** True if an application may send metadata of a name: others belong to HTTP/2 and gRPC, and are left out. */
export function isSettable(name: string): boolean {
  const lower = name.toLowerCase();
  return !isReserved(lower) && !READ_ONLY.has(lower);
}
