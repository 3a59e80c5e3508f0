import { fstatSync, openSync, write, writeSync } from "node:fs";
import { flushAtExit } from "./flush-at-exit.js";
import { warn } from "./warn.js";

/** Lines wait for more of them at most so long, in milliseconds, while there are many; the first of few is written at once. */
const FLUSH_MS = 100;
/** As many characters are written without waiting for more. */
const FLUSH_CHARACTERS = 64 * 1024;
/**
 * The most characters that wait. A file is then waited for. Lines for anything else, which may take none for ever, are dropped
 * until it takes some, and a warning says so.
 */
const MAX_WAITING_CHARACTERS = 16 * 1024 * 1024;
/** A write that the destination cannot take now is tried again after so long, in milliseconds. */
const RETRY_MS = 10;
/** How long an exit waits for a write that is under way, and for a destination that takes nothing, in milliseconds. */
const EXIT_WAIT_MS = 20;
const EXIT_RETRIES = 50;

const shared = new Map<number, LineBuffer>();

/** What takes the lines of a log for a file descriptor: one for each, so that its lines keep their order. */
export function lineBuffer(fd: number): LineBuffer {
  let buffer = shared.get(fd);
  if (buffer === undefined) {
    buffer = new LineBuffer(fd);
    shared.set(fd, buffer);
  }
  return buffer;
}

/** What takes the lines of a log for a file, at its end; the file is made if it is not there. */
export function lineFile(path: string): LineBuffer {
  return new LineBuffer(openSync(path, "a"));
}

/**
 * Writes lines many at a time, and never waits for the destination: the event loop goes on while it writes. What waits is
 * written within {@link FLUSH_MS}, and when the process exits, whatever ends it but SIGKILL.
 *
 * It is a destination as pino takes them. Pino's own (sonic-boom) measures its whole buffer for each line, and waits for ever at
 * exit if nobody reads any more.
 */
export class LineBuffer {
  readonly #fd: number;
  readonly #maxWaiting: number;
  readonly #isFile: boolean;
  #waiting = "";
  #inFlight: Buffer | undefined;
  #scheduled = false;
  #lastFlush = -Infinity;
  #dropped = 0;
  #broken = false;
  #onFlushed: (() => void)[] = [];

  constructor(fd: number, { maxWaiting = MAX_WAITING_CHARACTERS } = {}) {
    this.#fd = fd;
    this.#maxWaiting = maxWaiting;
    this.#isFile = isFile(fd);
    flushAtExit(this);
  }

  write(line: string): void {
    if (this.#waiting.length > this.#maxWaiting) {
      if (!this.#isFile) {
        if (this.#dropped++ === 0) warn("log lines are dropped", "their destination takes none");
        return;
      }
      this.flushSync();
    }
    this.#waiting += line;
    if (this.#inFlight !== undefined) return;
    if (this.#waiting.length >= FLUSH_CHARACTERS) this.#begin();
    else this.#schedule();
  }

  /** Writes what waits; calls back when it is written, or cannot be. */
  flush(onFlushed?: () => void): void {
    if (onFlushed) this.#onFlushed.push(onFlushed);
    this.#begin();
  }

  /** Writes what waits before it returns. */
  flushSync(): void {
    // Nobody can see from here whether a write under way is through: without the wait, what follows could overtake it.
    if (this.#inFlight !== undefined) sleep(EXIT_WAIT_MS);
    let bytes = Buffer.from(this.#waiting);
    this.#waiting = "";
    for (let failures = 0; bytes.length > 0 && !this.#broken && failures < EXIT_RETRIES;) {
      try {
        bytes = bytes.subarray(writeSync(this.#fd, bytes));
        failures = 0;
      } catch (error) {
        if (!isBusy(error)) return;
        failures++;
        sleep(EXIT_WAIT_MS);
      }
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const wait = this.#lastFlush + FLUSH_MS - performance.now();
    const begin = () => {
      this.#scheduled = false;
      this.#begin();
    };
    if (wait <= 0) setImmediate(begin);
    // The exit writes what waits: this keeps no process alive.
    else setTimeout(begin, wait).unref();
  }

  #begin(): void {
    if (this.#inFlight !== undefined) return;
    if (this.#waiting === "" || this.#broken) {
      this.#waiting = "";
      for (const flushed of this.#onFlushed.splice(0)) flushed();
      return;
    }
    this.#inFlight = Buffer.from(this.#waiting);
    this.#waiting = "";
    this.#lastFlush = performance.now();
    this.#writeOn();
  }

  readonly #writeOn = (): void => {
    write(this.#fd, this.#inFlight!, this.#onWritten);
  };

  readonly #onWritten = (error: NodeJS.ErrnoException | null, written: number): void => {
    if (error !== null) {
      if (isBusy(error)) {
        setTimeout(this.#writeOn, RETRY_MS);
        return;
      }
      // EPIPE: who reads is gone, as for a program whose output is piped to another that has enough.
      if (error.code === "EPIPE") this.#broken = true;
      else warn("a log cannot be written", error);
      written = Infinity;
    }
    if (written < this.#inFlight!.length) {
      this.#inFlight = this.#inFlight!.subarray(written);
      this.#writeOn();
      return;
    }
    this.#inFlight = undefined;
    if (this.#dropped > 0) {
      warn("log lines were dropped", `${this.#dropped} of them`);
      this.#dropped = 0;
    }
    if (this.#waiting.length >= FLUSH_CHARACTERS || this.#onFlushed.length > 0) this.#begin();
    else if (this.#waiting !== "") this.#schedule();
  };
}

function isFile(fd: number): boolean {
  try {
    // With numbers instead, Node 20 takes a symlink for no link in `require` after the fstat of a pipe.
    return fstatSync(fd, { bigint: true }).isFile();
  } catch {
    // The first write says what is wrong with it.
    return false;
  }
}

function isBusy(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAGAIN" || code === "EBUSY";
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
