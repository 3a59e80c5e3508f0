import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { flushAtExit } from "./flush-at-exit.js";
import { warn } from "./warn.js";

/** Lines wait for more of them at most so long, in milliseconds, while there are many; the first of few is written at once. */
const FLUSH_MS = 100;
/** As many characters are written without waiting for more. */
const FLUSH_CHARACTERS = 64 * 1024;
/** The most characters that wait for a reader that takes none. Lines above it are dropped, and a warning says so. */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;
/** Bytes that a reader could not take are tried again after so long, in milliseconds. */
const RETRY_MS = 10;
/** An exit waits for a reader that takes nothing so many times {@link RETRY_MS}. */
const EXIT_RETRIES = 100;

/** Where text is encoded before it is written: memory of its own for each flush would cost as much as the encoding. */
let scratch: Buffer | undefined;
const SCRATCH_BYTES = 2 * FLUSH_CHARACTERS;
/** The most bytes of one code point in UTF-8. */
const MAX_CODE_POINT_BYTES = 4;

const NEWLINE = 10;

const shared = new Map<number, LineBuffer>();

/** Takes the lines of a log for a file descriptor: one for each, so that its lines keep their order. */
export function lineBuffer(fd: number): LineBuffer {
  let buffer = shared.get(fd);
  if (buffer === undefined) {
    buffer = new LineBuffer(fd);
    shared.set(fd, buffer);
  }
  return buffer;
}

/** Takes the lines of a log for a file, at its end; the file is made if it is not there. */
export function lineFile(path: string): LineBuffer {
  try {
    return new LineBuffer(openSync(path, "a"));
  } catch (cause) {
    throw new Error(`createLogger: destination cannot be opened: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Writes lines many at a time: within {@link FLUSH_MS}, and when the process exits, whatever ends it but SIGKILL. All writes are
 * synchronous, so that lines keep their order whenever the process ends. To a file that costs some 30 µs for 64 KiB; a pipe whose
 * reader is slow is tried again later.
 *
 * It is a destination as pino takes them. Pino's own (sonic-boom) measures its whole buffer for each line, may write two parts in
 * the wrong order at exit, and waits there for ever if nobody reads any more.
 */
export class LineBuffer {
  readonly #fd: number;
  readonly #maxWaiting: number;
  #waiting = "";
  /** The bytes that a reader could not take yet, before all that waits. */
  #rest: Buffer | undefined;
  #scheduled = false;
  #lastFlush = -Infinity;
  #dropped = 0;
  #broken = false;
  /** The number of writes that have failed since one went well, as on a disk that is full. */
  #failed = 0;
  /** True if what was written last does not end a line: the rest of it was lost. */
  #isTorn = false;
  #onFlushed: (() => void)[] = [];

  constructor(fd: number, { maxWaiting = MAX_WAITING_CHARACTERS } = {}) {
    this.#fd = withoutBlocking(fd);
    this.#maxWaiting = maxWaiting;
    flushAtExit(this);
  }

  write(line: string): void {
    if (this.#waiting.length > this.#maxWaiting) {
      if (this.#dropped++ === 0) warn("log lines are dropped", "their destination takes none");
      return;
    }
    this.#waiting += line;
    if (this.#rest !== undefined) return;
    if (this.#waiting.length >= FLUSH_CHARACTERS) this.#flush();
    else this.#schedule();
  }

  /** Writes what waits; calls back when it is written, or cannot be. */
  flush(onFlushed?: () => void): void {
    if (onFlushed) this.#onFlushed.push(onFlushed);
    if (this.#rest === undefined) this.#flush();
  }

  /** Writes what waits before it returns, unless nobody takes it. */
  flushSync(): void {
    for (let retries = 0; retries < EXIT_RETRIES; retries++) {
      const before = this.#rest?.length;
      if (this.#writeAll()) return;
      if (this.#rest?.length !== before) retries = 0;
      sleep(RETRY_MS);
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#lastFlush + FLUSH_MS - performance.now();
    const flush = () => {
      this.#scheduled = false;
      if (this.#rest === undefined) this.#flush();
    };
    if (wait <= 0) setImmediate(flush);
    // The exit writes what waits: this keeps no process alive.
    else setTimeout(flush, wait).unref();
  }

  readonly #flush = (): void => {
    this.#lastFlush = performance.now();
    if (!this.#writeAll()) {
      setTimeout(this.#flush, RETRY_MS);
      return;
    }
    if (this.#dropped > 0) {
      warn("log lines were dropped", `${this.#dropped} of them`);
      this.#dropped = 0;
    }
    for (const flushed of this.#onFlushed.splice(0)) flushed();
  };

  /** Writes all that it can; returns whether nothing is left. */
  #writeAll(): boolean {
    for (;;) {
      if (this.#rest === undefined) {
        if (this.#waiting === "") return true;
        this.#rest = encoded(this.#failed > 0 && this.#isTorn ? `\n${this.#waiting}` : this.#waiting);
        this.#waiting = "";
      }
      const rest = this.#rest;
      this.#rest = undefined;
      if (this.#broken) continue;
      try {
        const written = writeSync(this.#fd, rest);
        if (written < rest.length) this.#rest = rest.subarray(written);
        this.#isTorn = rest[written - 1] !== NEWLINE;
        if (this.#failed > 0) {
          warn("lines of a log can be written again", `${this.#failed} writes of them were lost`);
          this.#failed = 0;
        }
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EAGAIN" || code === "EBUSY") {
          this.#rest = rest.buffer === scratch?.buffer ? Buffer.from(rest) : rest;
          return false;
        }
        // EPIPE: who reads is gone, as for a program whose output is piped to another that has enough.
        if (code === "EPIPE") this.#broken = true;
        // Once, until it can: a warning for each would fill what is full already.
        else if (this.#failed++ === 0) warn("lines of a log cannot be written, and are lost", error);
      }
    }
  }
}

/** A text as UTF-8, if it is not too long in memory that the next call uses again. */
function encoded(text: string): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  const length = scratch.write(text);
  return length > SCRATCH_BYTES - MAX_CODE_POINT_BYTES ? Buffer.from(text) : scratch.subarray(0, length);
}

/** The same pipe, not blocking: a flag of the descriptor would be one of all processes that share it. Else the descriptor. */
function withoutBlocking(fd: number): number {
  try {
    // With numbers instead, Node 20 takes a symlink for no link in `require` after the fstat of a pipe.
    if (fstatSync(fd, { bigint: true }).isFIFO()) {
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    }
  } catch {
    // Another system than Linux. There, a pipe blocks as it does for `console.log`.
  }
  return fd;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
