import type { Socket } from "node:net";
import { CLIENT_PREFACE } from "../http2/constants.js";
import { beginLittle, isReadTurnOver, readLater } from "../http2/read-turn.js";
import { timerMs } from "../http2/timers.js";

/** What is more than that waits with those who have much to be read, in bytes: what it begins takes as long. */
const LITTLE_BYTES = 1024;

/**
 * Reads what a client sends first, and tells HTTP/2 from HTTP/1.1 (RFC 9113, section 3.4). To set up a connection takes time: it is
 * done in the turns that all connections read in.
 */
export function readPreface(
  socket: Socket,
  timeoutMs: number,
  onHttp2: (rest: Buffer) => void,
  onOther: (first: Buffer) => void,
): void {
  let read: Buffer = Buffer.alloc(0);
  let isTurn = false;
  const timer = setTimeout(() => socket.destroy(), timerMs(Math.max(timeoutMs, 0))).unref();
  const stopTimer = (): void => clearTimeout(timer);
  // Nothing of it stays: what was read first would be kept as long as the connection.
  const done = (): void => {
    stopTimer();
    socket.off("data", onData).off("error", onError).off("end", onError).off("close", stopTimer);
  };
  const onError = (): void => void socket.destroy();
  const onData = (chunk: Buffer): void => {
    const now = performance.now();
    if (!isTurn && isReadTurnOver(now)) {
      // It waits in the socket, so that the socket's end comes behind it.
      socket.pause();
      socket.unshift(chunk);
      readLater(onTurn, chunk.length <= LITTLE_BYTES);
      return;
    }
    beginLittle(now);
    if (socket.isPaused()) socket.resume();
    read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
    const length = Math.min(read.length, CLIENT_PREFACE.length);
    if (!read.subarray(0, length).equals(CLIENT_PREFACE.subarray(0, length))) {
      done();
      onOther(read);
    } else if (length === CLIENT_PREFACE.length) {
      done();
      onHttp2(read.subarray(length));
    }
  };
  const onTurn = (): void => {
    isTurn = true;
    socket.read();
    isTurn = false;
  };
  socket.on("data", onData);
  socket.on("error", onError);
  // A client that has ended its side says nothing more.
  socket.on("end", onError);
  socket.on("close", stopTimer);
}
