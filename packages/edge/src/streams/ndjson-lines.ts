import { EdgeError } from "../errors/edge-error.js";
import type { BodyLimits } from "../http/held-bytes.js";
import { JoinedParts } from "../http/joined-parts.js";
import { nextPart } from "../http/next-part.js";
import { nextTurn } from "../internal/next-turn.js";

const LINE_FEED = 0x0a;

/**
 * The lines of a body, one JSON value each (ndjson.org): empty ones are passed over, and the last needs no end. The client waits
 * while nobody asks for the next one.
 *
 * @param limits Of each line.
 * @throws {EdgeError} for a line that is too long or too slow, or if too much is held.
 */
export async function* ndjsonLines(
  chunks: AsyncIterableIterator<Uint8Array>,
  limits: BodyLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { maxBytes } = limits;
  const line = new JoinedParts();
  const add = (part: Uint8Array): void => {
    line.add(part);
    if (line.size > maxBytes)
      throw new EdgeError("BODY_TOO_LARGE", `a line of the body has more than ${maxBytes} bytes`);
  };
  try {
    for (;;) {
      const next = await nextPart(chunks, line.size, limits);
      if (next.done === true) break;
      let from = 0;
      for (;;) {
        const at = next.value.indexOf(LINE_FEED, from);
        if (at < 0) break;
        add(next.value.subarray(from, at));
        from = at + 1;
        const whole = line.take();
        if (!isBlank(whole)) yield whole;
        const turn = nextTurn();
        if (turn !== undefined) await turn;
      }
      add(next.value.subarray(from));
    }
    const last = line.take();
    if (!isBlank(last)) yield last;
  } finally {
    // Its end is no concern of whoever leaves.
    chunks.return?.().catch(() => {});
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
