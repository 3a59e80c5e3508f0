import { Writer } from "@callwire/protobuf";
import { ServerError, Status } from "nice-grpc-common";
import { FRAME_HEADER_LENGTH } from "../http2/constants.js";
import { MIN_UNCOPIED_BYTES } from "../http2/output.js";
import type { Http2Stream, StreamSender } from "../http2/stream.js";
import { compress } from "./compression.js";
import type { Codec } from "./definitions.js";
import type { KeptMessage, MessageKeeper } from "./kept-messages.js";
import { PREFIX_LENGTH } from "./message-reader.js";
import { encodeAt, serialize } from "./serialize.js";
import { sharedOf, type Shared, type SharedBytes } from "./shared-encoding.js";

/** The bytes before the first message of a DATA frame. */
const HEAD_LENGTH = FRAME_HEADER_LENGTH + PREFIX_LENGTH;
/** The room that the output gives a message at first; a longer one is encoded apart. */
const MESSAGE_ROOM = 4096;

let idleWriter: Writer | undefined;

/**
 * Sends one message on a stream. If the windows are open, a message that fits in one frame is encoded straight into the
 * connection's output: in the stream's last DATA frame, if that is the last thing there and still has room. Nothing is sent
 * if the encoder ends the call.
 *
 * @param keeper Keeps the message as it is sent, if it is not too long for that. Default: nobody does.
 * @throws {ServerError} RESOURCE_EXHAUSTED if it is longer than `maxBytes`, INTERNAL if it cannot be encoded. Nothing is
 * sent then.
 */
export function writeMessage(
  sender: StreamSender,
  stream: Http2Stream,
  codec: Codec,
  message: unknown,
  maxBytes: number,
  endStream: boolean,
  keeper?: MessageKeeper,
): void {
  const shared = sharedOf(message);
  if (shared !== undefined) {
    const { bytes } = encodeShared(shared, codec, message);
    checkSize(bytes.length - PREFIX_LENGTH, maxBytes);
    if (isOver(stream)) return;
    sender.data(stream, bytes, endStream);
    keeper?.keepBytes(bytes, PREFIX_LENGTH, bytes.length);
    return;
  }
  const { output } = sender;
  const writer = idleWriter ?? new Writer(MIN_UNCOPIED_BYTES);
  // An encoder that makes a call of its own needs another one, and another place in the output.
  idleWriter = undefined;
  try {
    output.reserve(HEAD_LENGTH + MESSAGE_ROOM);
    const at = output.position;
    const { buffer } = output;
    const open = output.openData(stream.id);
    const start = at + (open < 0 ? HEAD_LENGTH : PREFIX_LENGTH);
    writer.begin(buffer, start);
    output.borrowed = true;
    encodeAt(codec, message, writer);
    output.borrowed = false;
    if (isOver(stream)) return;
    const { length } = writer;
    checkSize(length, maxBytes);
    const inOutput = writer.buffer === buffer;
    const inPlace = inOutput && writer.isWhole && output.buffer === buffer && output.position === at;
    const size = length + PREFIX_LENGTH;
    if (inPlace && sender.isOpenFor(stream) && size <= sender.frameRoom(stream)) {
      if (open >= 0 && size <= sender.frameRoom(stream, open)) {
        writePrefix(buffer, at, length);
        output.extendData(size, endStream);
        keeper?.keepOutput(output, at, at + size);
        sender.sentMessage(stream, size, endStream);
        return;
      }
      const place = at + HEAD_LENGTH;
      if (place + length <= buffer.length) {
        // The last frame is full: the message moves, to make room for the header of its own.
        if (place !== start) buffer.copyWithin(place, start, start + length);
        writePrefix(buffer, at + FRAME_HEADER_LENGTH, length);
        output.dataFrame(size, endStream, stream.id);
        keeper?.keepOutput(output, at + FRAME_HEADER_LENGTH, place + length);
        sender.sentMessage(stream, size, endStream);
        return;
      }
    }
    keeper?.keepWritten(writer, length, inOutput);
    sendPieces(sender, stream, writer, inOutput, endStream);
  } finally {
    output.borrowed = false;
    writer.release();
    idleWriter = writer;
  }
}

/** True if an encoder has ended its own call: nothing may follow RST_STREAM or the end of the stream (RFC 9113, section 5.1). */
function isOver({ closed, localEnded, pending }: Http2Stream): boolean {
  return closed || localEnded || pending?.end !== undefined;
}

/** Sends a message in frames of its own: one that is long, or must wait. */
function sendPieces(
  sender: StreamSender,
  stream: Http2Stream,
  writer: Writer,
  inOutput: boolean,
  endStream: boolean,
): void {
  const prefix = { bytes: messagePrefix(false, writer.length), borrowed: false };
  const pieces = [prefix, ...writer.pieces()];
  // Frames will be written where they stand. What outgrew the output stands in memory that nobody else will write to.
  if (inOutput) for (const piece of pieces) if (!piece.borrowed) piece.bytes = Buffer.from(piece.bytes);
  for (const [index, { bytes, borrowed }] of pieces.entries()) {
    sender.data(stream, bytes, endStream && index === pieces.length - 1, borrowed);
  }
}

/** Sends one message that is compressed already. */
export function writeCompressed(
  sender: StreamSender,
  stream: Http2Stream,
  bytes: Buffer,
  endStream: boolean,
): void {
  sender.data(stream, Buffer.concat([messagePrefix(true, bytes.length), bytes]), endStream);
}

/** Sends a message again, or for the first time after it had to wait, as it was encoded then. */
export function writeKept(
  sender: StreamSender,
  stream: Http2Stream,
  { buffer, start, end, compressed }: KeptMessage,
  endStream: boolean,
): void {
  const bytes = Buffer.concat([messagePrefix(compressed, end - start), buffer.subarray(start, end)]);
  sender.data(stream, bytes, endStream);
}

/**
 * Encodes one message, for {@link writeKept}.
 *
 * @throws {ServerError} As {@link writeMessage}.
 */
export function encodeKept(codec: Codec, message: unknown, maxBytes: number): KeptMessage {
  const bytes = serialize(codec, message);
  checkSize(bytes.length, maxBytes);
  return { buffer: bytes, start: 0, end: bytes.length, compressed: false };
}

/** Byte by byte, as Buffer's own methods check what is known to be right. */
function writePrefix(buffer: Buffer, at: number, length: number): void {
  buffer[at] = 0;
  buffer[at + 1] = length >>> 24;
  buffer[at + 2] = length >>> 16;
  buffer[at + 3] = length >>> 8;
  buffer[at + 4] = length;
}

/** The bytes before a message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
function messagePrefix(compressed: boolean, length: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_LENGTH);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

/**
 * Encodes and compresses one message, for {@link writeCompressed}.
 *
 * @throws {ServerError} As {@link writeMessage}; `maxBytes` limits the message before it is compressed.
 */
export function encodeCompressed(codec: Codec, message: unknown, maxBytes: number): Promise<Buffer> {
  const shared = sharedOf(message);
  if (shared === undefined) {
    const bytes = serialize(codec, message);
    checkSize(bytes.length, maxBytes);
    return compress(bytes);
  }
  const kept = encodeShared(shared, codec, message);
  checkSize(kept.bytes.length - PREFIX_LENGTH, maxBytes);
  return (kept.compressed ??= compress(kept.bytes.subarray(PREFIX_LENGTH)));
}

/** Finds the bytes of a message that is marked, or makes them. */
function encodeShared(shared: Shared, codec: Codec, message: unknown): SharedBytes {
  for (let each = shared.bytes; each !== undefined; each = each.next) if (each.codec === codec) return each;
  const encoded = serialize(codec, message);
  // Kept for long, so they have memory of their own: a part of Node's pool would keep all of the pool.
  const bytes = Buffer.allocUnsafeSlow(PREFIX_LENGTH + encoded.length);
  writePrefix(bytes, 0, encoded.length);
  encoded.copy(bytes, PREFIX_LENGTH);
  return (shared.bytes = { codec, bytes, compressed: undefined, next: shared.bytes });
}

function checkSize(length: number, maxBytes: number): void {
  if (length > maxBytes) {
    throw new ServerError(
      Status.RESOURCE_EXHAUSTED,
      `a message of ${length} bytes, where ${maxBytes} may be sent`,
    );
  }
}
