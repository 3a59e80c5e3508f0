import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { USER_COUNT } from "../service/data.js";
import { spread } from "../service/spread.js";
import * as frames from "./frames.js";

/** Longer than one request. */
const REQUEST_SPACE = 512;
/** The credit of a connection: new credit is given at half of it. */
const WINDOW = 0x3fff_0000;
const DIGITS = "0123456789abcdef";

/** Connections ask in different orders. */
const STRIDE = 251;

/** A connection over HTTP/2 with prior knowledge that has so many calls in flight, and reads no more than it must. */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #first: Buffer;
  readonly #streams: number;
  readonly #out = Buffer.allocUnsafe(64 * 1024);
  #outAt = 0;
  #rest: Buffer = Buffer.of();
  #next = 1;
  #index: number;
  /** The bytes of DATA that may be sent, and those received since we last gave credit. */
  #window = 65_535;
  #received = 0;
  /** By half the stream's id: the user that was asked for, and the bytes of DATA that came. */
  readonly #asked = new Map<number, { user: number; bytes: number }>();
  #answered = 0;
  #running = false;
  #failed: Error | undefined;
  #finish = (): void => {};

  private constructor(socket: Socket, port: number, streams: number, index: number) {
    this.#socket = socket;
    this.#first = frames.firstFields(port);
    this.#streams = streams;
    this.#index = index * STRIDE;
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("close", () => this.#fail(new Error("the server has closed a connection")));
    socket.on("error", (error) => this.#fail(error));
    socket.write(
      Buffer.concat([Buffer.from(frames.PREFACE), frames.settings(), frames.windowUpdate(WINDOW - 65_535)]),
    );
  }

  static async open(port: number, streams: number, index: number): Promise<LoadConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new LoadConnection(socket, port, streams, index);
  }

  /** Makes calls for so many milliseconds and lets them end; resolves to how many were answered. */
  async run(ms: number): Promise<number> {
    if (this.#failed !== undefined) throw this.#failed;
    this.#answered = 0;
    this.#running = true;
    const ended = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#ask();
    setTimeout(() => {
      this.#running = false;
      if (this.#asked.size === 0) this.#finish();
    }, ms);
    await ended;
    if (this.#failed !== undefined) throw this.#failed;
    return this.#answered;
  }

  #ask(): void {
    while (this.#running && this.#asked.size < this.#streams && this.#window > REQUEST_SPACE) {
      if (this.#outAt + REQUEST_SPACE > this.#out.length) this.#flush();
      this.#request(spread(this.#index++, USER_COUNT));
    }
    this.#flush();
  }

  #request(user: number): void {
    const id = this.#next;
    this.#next += 2;
    this.#asked.set(id, { user, bytes: 0 });
    const out = this.#out;
    const fields = id === 1 ? this.#first : frames.laterFields;
    const length = fields.length + frames.ownFields.length;
    let at = frames.writeHead(out, this.#outAt, length, frames.HEADERS, frames.END_HEADERS, id);
    at += fields.copy(out, at);
    const own = at;
    at += frames.ownFields.copy(out, at);
    digits(out, own + frames.traceAt, 32);
    digits(out, own + frames.spanAt, 16);
    out.write(String(1000 + Math.floor(Math.random() * 9000)), own + frames.timeoutAt, "latin1");
    const data = frames.requests[user]!;
    data.copy(out, at);
    out.writeUInt32BE(id, at + 5);
    this.#window -= data.length - frames.FRAME_HEAD;
    this.#outAt = at + data.length;
  }

  #flush(): void {
    if (this.#outAt === 0) return;
    // The socket keeps what it is given until it has written it.
    this.#socket.write(Buffer.from(this.#out.subarray(0, this.#outAt)));
    this.#outAt = 0;
  }

  #read(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= frames.FRAME_HEAD) {
      const length = (all[at]! << 16) | (all[at + 1]! << 8) | all[at + 2]!;
      const end = at + frames.FRAME_HEAD + length;
      if (end > all.length) break;
      this.#frame(all, at, length);
      at = end;
    }
    this.#rest = all.subarray(at);
    if (this.#received > WINDOW / 2) {
      this.#socket.write(frames.windowUpdate(this.#received));
      this.#received = 0;
    }
    this.#ask();
  }

  #frame(bytes: Buffer, at: number, length: number): void {
    const flags = bytes[at + 4]!;
    const stream = bytes.readUInt32BE(at + 5);
    const payload = at + frames.FRAME_HEAD;
    switch (bytes[at + 3]) {
      case frames.DATA:
        this.#received += length;
        this.#asked.get(stream)!.bytes += length;
        break;
      case frames.HEADERS:
        if ((flags & frames.END_STREAM) !== 0) this.#answer(stream);
        break;
      case frames.WINDOW_UPDATE:
        if (stream === 0) this.#window += bytes.readUInt32BE(payload);
        break;
      case frames.SETTINGS:
        if ((flags & frames.ACK) === 0) this.#acknowledge(frames.SETTINGS, Buffer.of());
        break;
      case frames.PING:
        if ((flags & frames.ACK) === 0) {
          this.#acknowledge(frames.PING, bytes.subarray(payload, payload + length));
        }
        break;
      case frames.RST_STREAM:
      case frames.GOAWAY:
        this.#fail(new Error(`the server refuses with a frame of type ${bytes[at + 3]}`));
        break;
      default:
      // Unknown frames are passed over (RFC 9113, section 4.1).
    }
  }

  #answer(stream: number): void {
    const asked = this.#asked.get(stream);
    this.#asked.delete(stream);
    if (asked === undefined || asked.bytes !== frames.answerLengths[asked.user]) {
      this.#fail(new Error(`an answer of ${asked?.bytes} bytes for user ${asked?.user}`));
    }
    this.#answered++;
    if (!this.#running && this.#asked.size === 0) this.#finish();
  }

  #acknowledge(type: number, payload: Buffer): void {
    const out = Buffer.alloc(frames.FRAME_HEAD + payload.length);
    out.set(payload, frames.writeHead(out, 0, payload.length, type, frames.ACK, 0));
    this.#socket.write(out);
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#running = false;
    this.#finish();
  }
}

/** Writes random hexadecimal digits. */
function digits(out: Buffer, at: number, count: number): void {
  for (let index = 0; index < count; index += 6) {
    let random = Math.floor(Math.random() * 0x100_0000);
    for (let digit = index; digit < count && digit < index + 6; digit++, random >>= 4) {
      out[at + digit] = DIGITS.charCodeAt(random & 15);
    }
  }
}
