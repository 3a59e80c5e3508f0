/** The bytes of one HTTP/2 frame, whatever they say (RFC 9113, section 4.1). */
export function frame(
  type: number,
  flags: number,
  id: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const bytes = Buffer.allocUnsafe(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(id, 5);
  bytes.set(payload, 9);
  return bytes;
}

/** A message with its prefix (gRPC over HTTP/2, "Length-Prefixed-Message"), which may lie. */
export function lengthPrefixed(
  message: Uint8Array,
  { flag = 0, length = message.length }: { flag?: number; length?: number } = {},
): Buffer {
  const bytes = Buffer.allocUnsafe(5 + message.length);
  bytes[0] = flag;
  bytes.writeUInt32BE(length, 1);
  bytes.set(message, 5);
  return bytes;
}
