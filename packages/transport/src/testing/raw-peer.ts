import type { Socket } from "node:net";
import { frame } from "@callwire/testkit/wire";
import { HpackDecoder } from "../hpack/decoder.js";
import { HpackEncoder } from "../hpack/encoder.js";
import { HeaderFields } from "../hpack/header-fields.js";
import {
  CLIENT_PREFACE,
  FLAG_ACK,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_HEADERS,
  FRAME_PING,
  FRAME_RST_STREAM,
  FRAME_SETTINGS,
  FRAME_WINDOW_UPDATE,
  LARGEST_MAX_FRAME_SIZE,
} from "../http2/constants.js";
import { FrameReader } from "../http2/frame-reader.js";
import { connectSocket } from "./raw-tls.js";

/** A frame that a {@link RawPeer} has received. */
export interface RawFrame {
  type: number;
  flags: number;
  id: number;
  payload: Buffer;
  /** The fields of the header block that the frame ends. */
  fields: Record<string, string>;
}

/** 32 bits, as a payload. */
export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

/** A SETTINGS frame. */
export function settings(...entries: (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.allocUnsafe(6 * entries.length);
  for (const [i, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  }
  return frame(FRAME_SETTINGS, 0, 0, payload);
}

/** A header block of literals, whatever they are. */
export function literals(fields: readonly (readonly string[])[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of fields) {
    parts.push(Buffer.of(0));
    for (const text of field) parts.push(Buffer.of(text.length), Buffer.from(text, "latin1"));
  }
  return Buffer.concat(parts);
}

/** Fields that no message may have (RFC 9113, section 8.2), with their reasons. */
export const forbiddenFields: [why: string, name: string, value: string][] = [
  ["8.2.1: a name in upper case", "X-Upper", "x"],
  ["8.2.1: a name with a space", "x y", "x"],
  ["8.2.1: an empty name", "", "x"],
  ["8.2.1: a name beyond ASCII", "x\xe9", "x"],
  ["8.2.1: a name with a colon", "x:y", "x"],
  ["8.2.1: a value with NUL", "x", "a\0b"],
  ["8.2.1: a value with a line feed", "x", "a\nb"],
  ["8.2.1: a value with a carriage return", "x", "a\rb"],
  ["8.2.2: connection", "connection", "close"],
  ["8.2.2: keep-alive", "keep-alive", "x"],
  ["8.2.2: proxy-connection", "proxy-connection", "x"],
  ["8.2.2: transfer-encoding", "transfer-encoding", "chunked"],
  ["8.2.2: upgrade", "upgrade", "h2c"],
];

const NO_FIELDS = new HeaderFields([]);

/** A client, or a server, that says over a socket what a test wants, and keeps every frame that it is answered. */
export class RawPeer {
  readonly socket: Socket;
  readonly received: RawFrame[] = [];
  /** True if the connection is closed. */
  closed = false;
  /** The client's next stream. */
  nextId = 1;
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder({ maxHeaderListSize: Infinity });
  readonly #waiting: (() => void)[] = [];
  /** The header block that has begun. */
  readonly #block: Buffer[] = [];

  /** @param preface The bytes that the peer must send before its frames. */
  private constructor(socket: Socket, preface = Buffer.alloc(0)) {
    this.socket = socket;
    // Small writes follow each other: Nagle's algorithm would let each wait for a delayed acknowledgement.
    socket.setNoDelay(true);
    const reader = new FrameReader(
      {
        onFrame: (type, flags, id, buffer, start, end) => {
          const payload = Buffer.from(buffer.subarray(start, end));
          this.received.push({ type, flags, id, payload, fields: this.#fieldsOf(type, flags, payload) });
          if (type === FRAME_SETTINGS && (flags & FLAG_ACK) === 0 && this.acknowledges) {
            this.socket.write(frame(FRAME_SETTINGS, FLAG_ACK, 0));
          }
          return true;
        },
      },
      LARGEST_MAX_FRAME_SIZE,
    );
    let missing = preface;
    socket.on("data", (chunk: Buffer) => {
      const expected = missing.subarray(0, chunk.length);
      missing = missing.subarray(expected.length);
      if (chunk.subarray(0, expected.length).equals(expected)) reader.read(chunk.subarray(expected.length));
      else socket.destroy();
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** True if SETTINGS are acknowledged. */
  acknowledges = true;

  /** Connects, and sends nothing. */
  static async connect(port: number): Promise<RawPeer> {
    return new RawPeer(await connectSocket(port));
  }

  /** Connects, and exchanges prefaces. */
  static async open(port: number, ...entries: (readonly [id: number, value: number])[]): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.send(CLIENT_PREFACE, settings(...entries));
    await peer.first((each) => each.type === FRAME_SETTINGS && (each.flags & FLAG_ACK) !== 0);
    return peer;
  }

  /** Takes a client, whose preface must be right (RFC 9113, section 3.4), and sends nothing. */
  static accept(socket: Socket): RawPeer {
    return new RawPeer(socket, CLIENT_PREFACE);
  }

  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** A header block; the encoder's table is that of the connection, so it must be sent, and once. */
  block(fields: Record<string, string>): Buffer {
    const rest = Object.entries(fields).flat();
    const out = Buffer.allocUnsafe(this.#encoder.maxLength(NO_FIELDS, rest));
    return out.subarray(0, this.#encoder.encodeWith(NO_FIELDS, rest, out, 0));
  }

  headers(id: number, fields: Record<string, string>, flags = 0): Buffer {
    return frame(FRAME_HEADERS, FLAG_END_HEADERS | flags, id, this.block(fields));
  }

  /** Frames for each of the client's next streams, whatever ids they have. Their header blocks must leave the table as it is. */
  onStreams(count: number, ...frames: readonly Buffer[]): Buffer {
    const bytes = Buffer.concat(Array.from({ length: count }, () => frames).flat());
    for (let at = 0; at < bytes.length; this.nextId += 2) {
      for (const { length } of frames) {
        bytes.writeUInt32BE(this.nextId, at + 5);
        at += length;
      }
    }
    return bytes;
  }

  /** The first frame, of those received or to come, that this is true of. Fails if the connection closes before. */
  async first(matches: (frame: RawFrame) => boolean): Promise<RawFrame> {
    for (let seen = 0; ;) {
      while (seen < this.received.length) {
        const each = this.received[seen++]!;
        if (matches(each)) return each;
      }
      if (this.closed) throw new Error("the connection was closed");
      await this.#more();
    }
  }

  /** The code of the connection's GOAWAY; `closed` if it was closed without one. */
  async goAway(): Promise<number | "closed"> {
    while (!this.closed) await this.#more();
    const all = this.received.filter(({ type }) => type === FRAME_GOAWAY);
    return all.at(-1)?.payload.readUInt32BE(4) ?? "closed";
  }

  /** The code of the stream's RST_STREAM. */
  async reset(id: number): Promise<number> {
    const found = await this.first((each) => each.type === FRAME_RST_STREAM && each.id === id);
    return found.payload.readUInt32BE(0);
  }

  /** Waits until the peer has dealt with all that was sent. */
  async settled(): Promise<void> {
    const payload = Buffer.alloc(8);
    payload.writeDoubleBE(Math.random());
    this.send(frame(FRAME_PING, 0, 0, payload));
    await this.first((each) => each.type === FRAME_PING && each.payload.equals(payload));
  }

  /** All frames of one stream so far. */
  of(id: number): RawFrame[] {
    return this.received.filter((each) => each.id === id);
  }

  /** The number of bytes of DATA that one stream has received. */
  dataOf(id: number): number {
    let bytes = 0;
    for (const each of this.of(id)) if (each.type === FRAME_DATA) bytes += each.payload.length;
    return bytes;
  }

  /** Opens the window of a stream, or of the connection. */
  grant(increment: number, id = 0): Buffer {
    return frame(FRAME_WINDOW_UPDATE, 0, id, uint32(increment));
  }

  close(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #fieldsOf(type: number, flags: number, payload: Buffer): Record<string, string> {
    if (type !== FRAME_HEADERS && type !== FRAME_CONTINUATION) return {};
    this.#block.push(payload);
    if ((flags & FLAG_END_HEADERS) === 0) return {};
    const block = Buffer.concat(this.#block.splice(0));
    const { fields } = this.#decoder.decode(block, 0, block.length);
    const result: Record<string, string> = {};
    for (let i = 0; i < fields.length; i += 2) result[fields[i]!] = fields[i + 1]!;
    return result;
  }
}

/** True if a frame ends its stream. */
export function endsStream({ type, flags }: RawFrame): boolean {
  return (type === FRAME_DATA || type === FRAME_HEADERS) && (flags & FLAG_END_STREAM) !== 0;
}
