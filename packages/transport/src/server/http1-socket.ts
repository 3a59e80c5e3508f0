import type { Server } from "node:http";
import { Socket } from "node:net";
import { Duplex } from "node:stream";
import { Server as TlsServer, TLSSocket } from "node:tls";
import { beginRead, isReadTurnOver, readLater } from "../http2/read-turn.js";
import { keepBytes, readSocketInSmallParts } from "../http2/socket-reader.js";
import { nextTick, queueMicrotask } from "../turn.js";

/** What node:http gets at once, in bytes: at first, and after one that took long, some requests or a hundred chunks. */
const MIN_PART_BYTES = 1024;
const MAX_PART_BYTES = 16 * 1024;
/** The time from which on a part has taken long, with all that it has made others do, in milliseconds. */
const LONG_PART_MS = 0.5;

type Done = (error?: Error | null) => void;

/**
 * A socket as node:http reads it: in small parts, in the turns that all connections share. By itself, node:http reads what there
 * is of each socket, 64 KiB and more, in one turn of the event loop: full of chunks of one byte, or of requests, that takes many
 * milliseconds for each of them.
 */
export class Http1Socket extends Duplex {
  readonly #socket: Socket;
  /** What was read and was not given. */
  #held: Buffer | undefined;
  /** For what the rest waits: the next turn, or the reader; undefined while what comes is given at once. */
  #waitsFor: "turn" | "reader" | undefined = "reader";
  #partBytes = MIN_PART_BYTES;
  /** The number of writes that wait in the queue. */
  #queued = 0;
  /** True if a writer waits for what went to the socket at once. */
  #needsDrain = false;
  /** True if the client has ended its side. */
  #isEnded = false;
  #bytesRead: number;
  /** The bytes that node:http has got. */
  bytesGiven = 0;
  readonly #onGive: (() => void) | undefined;

  /**
   * @param first What was read of the socket.
   * @param onGive Is called before node:http gets a part.
   */
  constructor(socket: Socket, first: Buffer, onGive?: () => void) {
    super({ decodeStrings: false });
    this.#socket = socket;
    this.#onGive = onGive;
    this.#held = first;
    this.#bytesRead = first.length;
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
    socket.on("timeout", () => this.emit("timeout"));
    socket.on("drain", () => {
      if (!this.#needsDrain) return;
      this.#needsDrain = false;
      this.emit("drain");
    });
    socket.on("end", () => {
      this.#isEnded = true;
      if (this.#waitsFor === undefined) this.push(null);
    });
    readSocketInSmallParts(socket, (buffer, length) => this.#onRead(buffer, length));
    // Not before: it is the reading into memory that node:net stops at once.
    socket.pause();
  }

  /** The bytes that were read of the socket. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  override _read(): void {
    if (this.#waitsFor !== "reader") return;
    this.#waitsFor = undefined;
    const held = this.#held?.length ?? 0;
    if (held > 0 && isReadTurnOver(performance.now())) this.#waitForTurn(held <= MIN_PART_BYTES);
    else this.#goOn();
  }

  /**
   * Writes to the socket beneath at once, if it has taken what came before: a second queue costs a tenth of what a request costs. The
   * rest waits in that queue, where ws looks how much waits.
   */
  override write(chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean {
    const socket = this.#socket;
    if (socket.writableLength > 0 || this.#queued > 0 || this.writableEnded) {
      this.#queued++;
      return super.write(chunk, encoding as BufferEncoding, done);
    }
    const isTaken = socket.write(chunk, encoding as BufferEncoding, done);
    this.#needsDrain ||= !isTaken;
    return isTaken;
  }

  override cork(): void {
    this.#socket.cork();
  }

  override uncork(): void {
    this.#socket.uncork();
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, encoding, (error) => {
      this.#queued--;
      done(error);
    });
  }

  override _final(done: Done): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }

  /** As that of node:net, which node:http calls. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  /** As that of node:net, which node:http and ws call. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    this.#socket.setTimeout(ms);
    if (onTimeout !== undefined) this.once("timeout", onTimeout);
    return this;
  }

  /** What the socket beneath has of this name. */
  ofSocket(name: string): unknown {
    const socket = this.#socket;
    const value: unknown = Reflect.get(socket, name);
    if (typeof value !== "function") return value;
    return (...args: unknown[]): unknown => {
      const result: unknown = Reflect.apply(value, socket, args);
      return result === socket ? this : result;
    };
  }

  #onRead(buffer: Buffer, length: number): void {
    let at = 0;
    this.#bytesRead += length;
    if (this.#waitsFor === undefined) {
      if (isReadTurnOver(performance.now())) this.#waitForTurn(length <= MIN_PART_BYTES);
      else at = this.#give(buffer, length);
    }
    // Also what was to wait already: node:stream may have begun to read again by itself.
    if (this.#waitsFor !== undefined) this.#socket.pause();
    if (at === length) return;
    const rest = keepBytes(buffer, at, length);
    // A socket may still give what it had.
    this.#held = this.#held === undefined ? rest : Buffer.concat([this.#held, rest]);
  }

  /** Gives node:http a part; returns how far. The rest waits behind the parts of others. */
  #give(buffer: Buffer, length: number): number {
    const now = performance.now();
    beginRead(now);
    const end = Math.min(this.#partBytes, length);
    this.bytesGiven += end;
    this.#onGive?.();
    if (!this.push(keepBytes(buffer, 0, end))) this.#waitsFor = "reader";
    if (end === this.#partBytes) this.#measure(now);
    if (end < length && this.#waitsFor === undefined) this.#waitForTurn(false);
    return end;
  }

  #waitForTurn(isLittle: boolean): void {
    this.#waitsFor = "turn";
    readLater(this.#goOn, isLittle);
  }

  /** Sets the size of the next part by the time that this one takes. Requests are answered when promises are. */
  #measure(began: number): void {
    queueMicrotask(() =>
      nextTick(() => {
        this.#partBytes =
          performance.now() - began < LONG_PART_MS
            ? Math.min(2 * this.#partBytes, MAX_PART_BYTES)
            : MIN_PART_BYTES;
      }),
    );
  }

  readonly #goOn = (): void => {
    this.#waitsFor = undefined;
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      const at = this.#give(held, held.length);
      if (at < held.length) this.#held = held.subarray(at);
    }
    if (this.destroyed || this.#waitsFor !== undefined) return;
    if (this.#isEnded) this.push(null);
    else this.#socket.resume();
  };
}

// What else applications, middleware and ws ask the socket of a request: all that node's have, and Duplex has not.
const NAMES = new Set([
  "alpnProtocol",
  "authorizationError",
  "authorized",
  "connecting",
  "encrypted",
  "servername",
  "timeout",
  "writableCorked",
  "writableLength",
  "writableNeedDrain",
]);
for (const { prototype } of [Socket, TLSSocket])
  for (const name of Object.getOwnPropertyNames(prototype))
    if (!name.startsWith("_") && !(name in Http1Socket.prototype)) NAMES.add(name);

for (const name of NAMES)
  Object.defineProperty(Http1Socket.prototype, name, {
    configurable: true,
    get(this: Http1Socket) {
      return this.ofSocket(name);
    },
  });

/**
 * Makes a server of node:http or node:https read its connections in small parts, in the turns that all connections of this package
 * share: nobody holds up the others by what they send. A server that answers HTTP on the port of gRPC does so by itself. Call it before
 * the server listens. The socket of a request is another object then, which has what node:net's has.
 */
export function readInTurns(server: Server): void {
  const event = server instanceof TlsServer ? "secureConnection" : "connection";
  const sockets = new WeakMap<Socket, Http1Socket>();
  const socketOf = (accepted: Socket): Http1Socket => {
    const socket = sockets.get(accepted) ?? new Http1Socket(accepted, Buffer.alloc(0));
    sockets.set(accepted, socket);
    return socket;
  };
  for (const take of server.listeners(event)) {
    server.off(event, take as () => void);
    server.on(event, (accepted: Socket) => void take.call(server, socketOf(accepted)));
  }
}
