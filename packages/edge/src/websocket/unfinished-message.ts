import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Hold } from "../http/held-bytes.js";
import { TimeLimit } from "../internal/time-limit.js";
import { FrameProgress } from "./frame-progress.js";

/** Bounds of a message that is not whole. */
export interface UnfinishedLimits {
  /** Counts what has come of it. */
  readonly hold: Hold;
  /** The time that the rest of it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** It took longer. */
  onLate(): void;
}

/**
 * Bounds the memory and the time of a message that is not whole.
 *
 * @param connection The socket beneath, which `ws` reads.
 */
export function boundUnfinished(
  socket: WebSocket,
  connection: Duplex,
  { hold, timeoutMs, onLate }: UnfinishedLimits,
): void {
  const progress = new FrameProgress();
  let limit: TimeLimit | undefined;
  const clear = (): void => {
    limit?.clear();
    limit = undefined;
  };
  // A client whose messages nobody reads waits for us: its time begins when it is read again.
  const watch = (): void => {
    if (progress.unfinished > 0 && !socket.isPaused) limit ??= new TimeLimit(timeoutMs, onLate);
  };
  // Who takes it counts it.
  socket.on("message", () => hold.set(0));
  // Behind the listener of `ws`, which has given out what is whole.
  connection.on("data", (chunk: Buffer) => {
    if (progress.take(chunk) || progress.unfinished === 0) clear();
    hold.set(progress.unfinished);
    watch();
  });
  connection.on("resume", watch);
  socket.on("close", () => {
    clear();
    hold.set(0);
  });
}
