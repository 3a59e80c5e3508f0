import { GetUserRequest, User } from "@callwire/contracts/users";
import { USER_COUNT, userAt, userId } from "../service/data.js";

/** Frame types, flags and settings of HTTP/2 (RFC 9113, sections 6 and 6.5.2). */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
export const FRAME_HEAD = 9;

/** Writes the head of a frame (RFC 9113, section 4.1); returns where its payload begins. */
export function writeHead(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  out.writeUIntBE(length, at, 3);
  out[at + 3] = type;
  out[at + 4] = flags;
  out.writeUInt32BE(stream, at + 5);
  return at + FRAME_HEAD;
}

/** Our settings: no push, and windows that never fill (RFC 9113, section 6.5.2). */
export function settings(): Buffer {
  const out = Buffer.alloc(FRAME_HEAD + 12);
  let at = writeHead(out, 0, 12, SETTINGS, 0, 0);
  at = out.writeUInt16BE(0x2, at);
  at = out.writeUInt32BE(0, at);
  at = out.writeUInt16BE(0x4, at);
  out.writeUInt32BE(0x3fff_ffff, at);
  return out;
}

export function windowUpdate(bytes: number): Buffer {
  const out = Buffer.alloc(FRAME_HEAD + 4);
  out.writeUInt32BE(bytes, writeHead(out, 0, 4, WINDOW_UPDATE, 0, 0));
  return out;
}

/** A literal field; `indexing` puts it into the dynamic table (RFC 7541, sections 6.2.1 and 6.2.2). No Huffman code. */
function literal(indexing: boolean, name: string | number, value: string): Buffer {
  const text = (part: string): Buffer => Buffer.concat([Buffer.of(part.length), Buffer.from(part, "latin1")]);
  const first = (indexing ? 0x40 : 0x00) | (typeof name === "number" ? name : 0);
  return Buffer.concat([Buffer.of(first), typeof name === "number" ? Buffer.of() : text(name), text(value)]);
}

/** The fields that are in all requests of a connection, in its first one: they are in the dynamic table after it. */
export function firstFields(port: number): Buffer {
  return Buffer.concat([
    // `:method: POST` and `:scheme: http` of the static table (RFC 7541, appendix A).
    Buffer.of(0x83, 0x86),
    literal(true, 4, "/users.UserService/GetUser"),
    literal(true, 1, `127.0.0.1:${port}`),
    literal(true, 31, "application/grpc"),
    literal(true, "te", "trailers"),
  ]);
}

/** The same in each later request: the four that were put into the dynamic table last, from index 62 on. */
export const laterFields = Buffer.of(0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe);

const PARENT = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";

/** A traceparent (W3C Trace Context) and a time-out of four digits, as fields that no table keeps; their digits are replaced. */
export const ownFields = Buffer.concat([
  literal(false, "traceparent", PARENT),
  literal(false, "grpc-timeout", "5000m"),
]);

/** Where the digits of {@link ownFields} are: the trace's id, the parent's id, the time-out. */
const parentAt = ownFields.indexOf(PARENT);
export const traceAt = parentAt + 3;
export const spanAt = parentAt + 36;
export const timeoutAt = ownFields.indexOf("5000m");

/** The messages of all requests, each with gRPC's prefix, as DATA frames with a stream id to be filled in. */
export const requests: readonly Buffer[] = Array.from({ length: USER_COUNT }, (_, index) => {
  const message = prefixed(GetUserRequest.encode({ id: userId(index) }).finish());
  const out = Buffer.alloc(FRAME_HEAD + message.length);
  out.set(message, writeHead(out, 0, message.length, DATA, END_STREAM, 0));
  return out;
});

/** The length of the answer of each user, with gRPC's prefix. */
export const answerLengths: readonly number[] = Array.from(
  { length: USER_COUNT },
  (_, index) => prefixed(User.encode(userAt(index)).finish()).length,
);

function prefixed(message: Uint8Array): Buffer {
  const out = Buffer.alloc(5 + message.length);
  out.writeUInt32BE(message.length, 1);
  out.set(message, 5);
  return out;
}
