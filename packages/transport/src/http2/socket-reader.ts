import type { Socket } from "node:net";
import { markAsUntransferable } from "node:worker_threads";

/** The most that one read of a socket takes, in bytes. A message of 1 MiB comes in few of them. */
export const READ_BYTES = 256 * 1024;

/**
 * Where sockets are read into, one after the other: all connections of this thread share it. What stands in it is gone when
 * whoever was given it returns.
 */
const readMemory = Buffer.allocUnsafeSlow(READ_BYTES);
/** The most that one read of a socket takes that is read in small parts, in bytes. */
const SMALL_READ_BYTES = 16 * 1024;
const smallReadMemory = readMemory.subarray(0, SMALL_READ_BYTES);

/** Size of the pieces of memory that kept bytes share, and so the most that a few of them can hold in memory. */
const SHARED_BYTES = 64 * 1024;
let shared = Buffer.alloc(0);
/** The bytes of it that are taken. */
let taken = 0;

/** True if what stands in a buffer is gone soon. */
export function isBorrowed(buffer: Buffer): boolean {
  return buffer === readMemory || buffer === smallReadMemory;
}

/** Copies bytes to where sockets are read into, as if they came now: at most {@link READ_BYTES} from `start` on. */
export function borrowCopy(bytes: Buffer, start: number): { buffer: Buffer; length: number } {
  return { buffer: readMemory, length: bytes.copy(readMemory, 0, start, start + READ_BYTES) };
}

/** The bytes of a buffer, from `start` to `end`, to keep: a copy if the buffer is borrowed. */
export function keepBytes(buffer: Buffer, start: number, end: number): Buffer {
  if (!isBorrowed(buffer)) return buffer.subarray(start, end);
  const length = end - start;
  if (length > shared.length - taken) {
    if (length > SHARED_BYTES / 4) return Buffer.from(buffer.subarray(start, end));
    shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
    // As node:buffer's pool is: who hands one message to a worker must not take the others' bytes with it.
    markAsUntransferable(shared.buffer);
    taken = 0;
  }
  buffer.copy(shared, taken, start, end);
  taken += length;
  return shared.subarray(taken - length, taken);
}

type OnRead = (buffer: Buffer, length: number) => void;

/**
 * Takes what a socket reads: the first `length` bytes of a buffer, which may be borrowed: what is kept of it must be taken
 * by {@link keepBytes}. For each read node:net otherwise allocates 64 KiB, a tenth of what small calls cost altogether.
 */
export function readSocket(socket: Socket, onRead: OnRead): void {
  readBy(socket, readMemory, onRead);
}

/** As {@link readSocket}, in smaller parts: there is less to keep for each of many sockets. */
export function readSocketInSmallParts(socket: Socket, onRead: OnRead): void {
  readBy(socket, smallReadMemory, onRead);
}

function readBy(socket: Socket, memory: Buffer, onRead: OnRead): void {
  if (!readIntoMemory(socket, memory, onRead))
    socket.on("data", (chunk: Buffer) => onRead(chunk, chunk.length));
}

/** The part of node:net's handles that is used: `onread` stands on it. */
interface ReadingHandle {
  useUserBuffer?(memory: Uint8Array): void;
}

/**
 * Does to a socket that is connected what node:net's option `onread` does to one that it makes: the sockets that a server
 * accepts cannot be given it. False if that cannot be done here, and the socket is as it was.
 */
function readIntoMemory(socket: Socket, memory: Buffer, onRead: OnRead): boolean {
  // There a read that waits holds its memory.
  if (process.platform === "win32") return false;
  // Otherwise later bytes would be read before earlier ones.
  if (socket.readableLength > 0) return false;
  const { _handle: handle } = socket as { _handle?: ReadingHandle | null };
  const keys = onReadKeys(socket);
  if (keys === undefined || typeof handle?.useUserBuffer !== "function") return false;
  Object.assign(socket, {
    [keys.buffer]: memory,
    [keys.callback]: (length: number) => onRead(memory, length),
  });
  handle.useUserBuffer(memory);
  return true;
}

/** Where a socket keeps what its option `onread` was; undefined if it has no such places. */
function onReadKeys(socket: Socket): { buffer: symbol; callback: symbol } | undefined {
  let buffer: symbol | undefined;
  let callback: symbol | undefined;
  for (const key of Object.getOwnPropertySymbols(socket)) {
    if (key.description === "kBuffer") buffer = key;
    else if (key.description === "kBufferCb") callback = key;
  }
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}
