import { once, setMaxListeners } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { frame } from "../wire.js";
import { Frames } from "./frames.js";

/** The first bytes of a client (RFC 9113, section 3.4). */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const INITIAL_WINDOW = 65_535;
const MAX_FRAME = 16_384;

/** Frame types and flags (RFC 9113, section 6). */
export const H2 = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  END_STREAM: 1,
  ACK: 1,
  END_HEADERS: 4,
  HEADER_TABLE_SIZE: 1,
  INITIAL_WINDOW_SIZE: 4,
} as const;

/** The paths of the echo service, and how a request's text is written: each of its requests has it as field 1. */
export const echo = {
  unary: "/callwire.echo.v1.EchoService/EchoUnary",
  serverStream: "/callwire.echo.v1.EchoService/EchoServerStream",
  clientStream: "/callwire.echo.v1.EchoService/EchoClientStream",
  bidiStream: "/callwire.echo.v1.EchoService/EchoBidiStream",
  message(text: string): Buffer {
    const bytes = Buffer.from(text);
    return Buffer.concat([Buffer.of(0x0a), varint(bytes.length), bytes]);
  },
} as const;

/** An integer of protobuf. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Buffer.of(...bytes, rest);
}

/** 32 bits, as a payload. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A SETTINGS frame with one entry. */
export function setting(id: number, value: number): Buffer {
  const payload = Buffer.allocUnsafe(6);
  payload.writeUInt16BE(id);
  payload.writeUInt32BE(value, 2);
  return frame(H2.SETTINGS, 0, 0, payload);
}

/** A string of HPACK, not Huffman-coded (RFC 7541, section 5.2). */
export function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length =
    bytes.length < 0x7f
      ? Buffer.of(bytes.length)
      : Buffer.concat([Buffer.of(0x7f), varint(bytes.length - 0x7f)]);
  return Buffer.concat([length, bytes]);
}

/** Literal fields without indexing (RFC 7541, section 6.2.2). */
export function literalBlock(fields: Record<string, string>): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), hpackString(name), hpackString(value)]),
  );
}

/** The header block of a call. */
export function requestBlock(path: string, more: Record<string, string> = {}): Buffer {
  return literalBlock({
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "localhost",
    te: "trailers",
    "content-type": "application/grpc",
    ...more,
  });
}

/** A connection of an attacker, who keeps to flow control and to nothing else. It reads all that comes, unless it is paused. */
export class Attacker {
  readonly socket: Socket;
  readonly signal: AbortSignal;
  nextId = 1;
  /** What has come on all streams, in bytes of DATA. */
  received = 0;
  #window = INITIAL_WINDOW;
  #sends = 0;
  #initial = INITIAL_WINDOW;
  readonly #windows = new Map<number, number>();
  readonly #frames = new Frames();
  #wakes: (() => void)[] = [];

  private constructor(socket: Socket, signal: AbortSignal) {
    this.socket = socket;
    this.signal = signal;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("drain", () => this.#wake());
    socket.on("error", () => {});
    socket.setMaxListeners(0);
    socket.on("close", () => {
      this.#wake();
    });
    setMaxListeners(0, signal);
    const close = (): void => void socket.destroy();
    signal.addEventListener("abort", close, { once: true });
    socket.once("close", () => signal.removeEventListener("abort", close));
  }

  /** Connects, and sends its preface with these SETTINGS frames. Undefined if there is nobody. */
  static async open(port: number, signal: AbortSignal, ...settings: Buffer[]): Promise<Attacker | undefined> {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "connect");
    } catch {
      return undefined;
    }
    const attacker = new Attacker(socket, signal);
    if (signal.aborted) socket.destroy();
    attacker.socket.write(
      Buffer.concat([PREFACE, ...(settings.length > 0 ? settings : [frame(H2.SETTINGS, 0, 0)])]),
    );
    return attacker;
  }

  /** True if the connection is closed, by either side. */
  get closed(): boolean {
    return this.socket.destroyed;
  }

  /** Sends bytes, and waits until the socket takes more. False if the connection is closed. */
  async send(...parts: Uint8Array[]): Promise<boolean> {
    if (!this.closed && !this.socket.write(Buffer.concat(parts))) {
      while (!this.closed && this.socket.writableNeedDrain) await this.#more();
    }
    // A kernel that takes all that is sent would leave no turn in which to read, or to stop.
    if (++this.#sends % 64 === 0) await nextTurn();
    return !this.closed;
  }

  /** The frame that opens a stream, whose id is {@link lastId}. */
  headers(path: string, flags = 0, more?: Record<string, string>): Buffer {
    const id = this.nextId;
    this.nextId += 2;
    return frame(H2.HEADERS, H2.END_HEADERS | flags, id, requestBlock(path, more));
  }

  get lastId(): number {
    return this.nextId - 2;
  }

  /** Sends DATA, as fast as the windows allow. False if the connection is closed. */
  async data(id: number, bytes: Buffer, flags = 0): Promise<boolean> {
    for (let at = 0; at < bytes.length;) {
      const size = Math.min(bytes.length - at, MAX_FRAME, this.#window, this.#windowOf(id));
      if (this.closed) return false;
      if (size <= 0) {
        await this.#more();
        continue;
      }
      this.#window -= size;
      this.#windows.set(id, this.#windowOf(id) - size - this.#initial);
      const end = at + size === bytes.length ? flags : 0;
      if (!(await this.send(frame(H2.DATA, end, id, bytes.subarray(at, at + size))))) return false;
      at += size;
    }
    return true;
  }

  /** True if a stream may take so many bytes now. */
  hasRoom(id: number, bytes: number): boolean {
    return Math.min(this.#window, this.#windowOf(id)) >= bytes;
  }

  reset(id: number): Buffer {
    this.#windows.delete(id);
    return frame(H2.RST_STREAM, 0, id, uint32(8));
  }

  /** A frame that opens a window. */
  grant(id: number, bytes: number): Buffer {
    return frame(H2.WINDOW_UPDATE, 0, id, uint32(bytes));
  }

  /** Waits that long, or until the connection is closed. */
  async rest(ms: number): Promise<void> {
    if (this.closed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.socket.off("close", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.socket.once("close", done);
    });
  }

  /** Holds the connection until it is closed. */
  async holdOn(): Promise<void> {
    while (!this.closed) await this.#more();
  }

  #windowOf(id: number): number {
    return this.#initial + (this.#windows.get(id) ?? 0);
  }

  #more(): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }

  #read(chunk: Buffer): void {
    this.#frames.read(chunk, (type, flags, id, payload) => this.#onFrame(type, flags, id, payload));
    this.#wake();
  }

  #onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === H2.DATA) this.received += payload.length;
    else if (type === H2.WINDOW_UPDATE) {
      const bytes = payload.readUInt32BE();
      if (id === 0) this.#window += bytes;
      else this.#windows.set(id, (this.#windows.get(id) ?? 0) + bytes);
    } else if (type === H2.SETTINGS && (flags & H2.ACK) === 0) {
      for (let at = 0; at < payload.length; at += 6) {
        if (payload.readUInt16BE(at) === H2.INITIAL_WINDOW_SIZE) this.#initial = payload.readUInt32BE(at + 2);
      }
      this.socket.write(frame(H2.SETTINGS, H2.ACK, 0));
    } else if (type === H2.PING && (flags & H2.ACK) === 0)
      this.socket.write(frame(H2.PING, H2.ACK, 0, payload));
  }
}

/** Attacks over some connections at once; each that is thrown out comes back. */
export async function fromConnections(
  count: number,
  signal: AbortSignal,
  open: () => Promise<Attacker | undefined>,
  attack: (attacker: Attacker) => Promise<void>,
): Promise<void> {
  const one = async (): Promise<void> => {
    while (!signal.aborted) {
      const attacker = await open();
      if (attacker === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      await attack(attacker);
      if (!attacker.closed) {
        attacker.socket.destroy();
        await once(attacker.socket, "close");
      }
    }
  };
  await Promise.all(Array.from({ length: count }, one));
}
