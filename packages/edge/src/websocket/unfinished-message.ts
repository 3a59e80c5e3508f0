import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Hold } from "../http/held-bytes.js";

/** The most bytes of a client's frame before its data (RFC 6455, section 5.2): two, and four of the mask. */
const SHORT_HEAD = 6;

/**
 * Counts what has come of a message that is not whole: `ws` keeps it, and says nothing of it.
 *
 * @param connection The socket beneath, which `ws` reads.
 */
export function countUnfinished(socket: WebSocket, connection: Duplex, hold: Hold): void {
  let unfinished = 0;
  /** The bytes of frames that a chunk has completed. */
  let whole = 0;
  let hasMessage = false;
  const onControl = (data: Buffer): void => void (whole += SHORT_HEAD + data.length);
  socket.on("ping", onControl).on("pong", onControl);
  socket.on("message", (data) => {
    whole += frameLength((data as Buffer).length);
    hasMessage = true;
    // Who takes it counts it.
    hold.set(0);
  });
  // Behind the listener of `ws`, which has told of what is whole.
  connection.on("data", (chunk: Buffer) => {
    unfinished = Math.max(unfinished + chunk.length - whole, 0);
    // A message in many frames had more bytes than its length says.
    if (hasMessage) unfinished = Math.min(unfinished, chunk.length);
    whole = 0;
    hasMessage = false;
    hold.set(unfinished);
  });
  socket.on("close", () => hold.set(0));
}

/** The bytes of a message that is one frame. */
function frameLength(length: number): number {
  return SHORT_HEAD + length + (length < 126 ? 0 : length < 65_536 ? 2 : 8);
}
