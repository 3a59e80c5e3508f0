import type { Http2Stream } from "../http2/stream.js";
import type { StreamHost } from "./server-stream.js";

/** True if more waits to be sent than may, and not for this stream alone: it must end. */
export function isTooMuchUnsent({ pending }: Http2Stream, { buffered, limits, sender }: StreamHost): boolean {
  if (pending === undefined) return false;
  const isAlone = pending.bytes === sender.pendingBytes;
  return (!isAlone && sender.pendingBytes > limits.maxUnsentBytes) || buffered.isOver;
}
