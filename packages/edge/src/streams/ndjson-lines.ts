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
  let isBegun = false;
  const add = (part: Uint8Array): void => {
    line.add(part);
    if (line.size > maxBytes)
      throw new EdgeError("BODY_TOO_LARGE", `a line of the body has more than ${maxBytes} bytes`);
  };
  try {
    for (;;) {
      const next = await nextPart(chunks, line.size, limits);
      if (next.done === true) break;
      let from = isBegun ? 0 : markLength(next.value);
      isBegun = true;
      for (;;) {
        // Of empty lines, a compressed body may have millions in a few bytes.
        if (line.size === 0) from = skipSpace(next.value, from);
        const at = next.value.indexOf(LINE_FEED, from);
        if (at < 0) break;
        add(next.value.subarray(from, at));
        from = at + 1;
        yield line.take();
        const turn = nextTurn();
        if (turn !== undefined) await turn;
      }
      add(next.value.subarray(from));
    }
    if (line.size > 0) yield line.take();
  } finally {
    // Its end is no concern of whoever leaves.
    chunks.return?.().catch(() => {});
  }
}

/** The length of a byte order mark at the start of a body: it is no line, though nothing may stand behind it. */
function markLength(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Where the space ends that begins at an index, ends of lines among it: a line is no longer by it. */
function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === LINE_FEED || byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
