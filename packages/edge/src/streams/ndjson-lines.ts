import { EdgeError } from "../errors/edge-error.js";
import { nextPart } from "../http/next-part.js";
import { nextTurn } from "../internal/next-turn.js";

/** Bounds of {@link ndjsonLines}. */
export interface LineLimits {
  /** The longest line, in bytes. */
  readonly maxBytes: number;
  /** The time that the rest of a line that has begun may take, in milliseconds. */
  readonly timeoutMs: number;
}

const LINE_FEED = 0x0a;

/**
 * The lines of a body, one JSON value each (ndjson.org): empty ones are passed over, and the last needs no end. The client waits
 * while nobody asks for the next one.
 *
 * @throws {EdgeError} for a line that is too long or too slow.
 */
export async function* ndjsonLines(
  chunks: AsyncIterableIterator<Uint8Array>,
  { maxBytes, timeoutMs }: LineLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  let rest: Uint8Array[] = [];
  let size = 0;
  const add = (part: Uint8Array): void => {
    size += part.length;
    if (size > maxBytes)
      throw new EdgeError("BODY_TOO_LARGE", `a line of the body has more than ${maxBytes} bytes`);
    if (part.length > 0) rest.push(part);
  };
  const take = (): Uint8Array => {
    const line = rest.length === 1 ? rest[0]! : Buffer.concat(rest, size);
    rest = [];
    size = 0;
    return line;
  };
  try {
    for (;;) {
      const next = await nextPart(chunks, size > 0 ? timeoutMs : undefined);
      if (next.done === true) break;
      let from = 0;
      for (;;) {
        const at = next.value.indexOf(LINE_FEED, from);
        if (at < 0) break;
        add(next.value.subarray(from, at));
        const line = take();
        if (!isBlank(line)) yield line;
        from = at + 1;
        const turn = nextTurn();
        if (turn !== undefined) await turn;
      }
      add(next.value.subarray(from));
    }
    const last = take();
    if (!isBlank(last)) yield last;
  } finally {
    // Its end is no concern of whoever leaves.
    chunks.return?.().catch(() => {});
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
