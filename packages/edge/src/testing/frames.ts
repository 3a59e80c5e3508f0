/** A message with its flags, as gRPC-Web and Connect have it. Written apart from the edge's own code. */
export type Frame = readonly [flags: number, data: Buffer];

/** Bytes with their prefix. @param length What the prefix says. Default: the truth. */
export function frame(flags: number, data: Uint8Array | string, length?: number): Buffer {
  const bytes = Buffer.from(data);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(length ?? bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** The frames of a body. */
export function framesOf(body: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    frames.push([body[at]!, body.subarray(at + 5, end)]);
    at = end;
  }
  return frames;
}

/** The trailers of gRPC-Web, as an object. */
export function trailersOf(data: Uint8Array): Record<string, string> {
  const lines = Buffer.from(data).toString().split("\r\n").filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
}
