import { EdgeError } from "../errors/edge-error.js";

/** Bounds of what waits for a client. */
export interface WaitLimits {
  /** The time that it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Counts it for as long. */
  readonly held: HeldBytes;
}

/** Bounds of a body, or of a message of a stream, until it is whole. */
export interface BodyLimits extends WaitLimits {
  /** The most bytes. */
  readonly maxBytes: number;
}

/**
 * Counts the bytes that wait in memory for the clients of an edge, all together: of bodies and messages that are not whole, and of
 * answers that are not taken. Over the limit, the largest must go: who fills the memory does not take it from the others.
 */
export class HeldBytes {
  readonly #max: number;
  /** Those of a size together, by {@link classOf}: thousands wait, and each refusal looks for the largest. */
  readonly #classes: (Set<Hold> | undefined)[] = [];
  #count = 0;
  #total = 0;

  /** @param max The most bytes. One that is alone has room, however large it is. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Begins to count for one. @param onRefused Lets go of all that is held; called once, if there is no room for it any more. */
  open(onRefused: (error: EdgeError) => void): Hold {
    return new Hold((hold, bytes) => this.#set(hold, bytes), onRefused);
  }

  /** Counts what one can do without, and what is not refused later. False if it would be over half of the limit. */
  takeSpare(bytes: number): boolean {
    if (this.#total + bytes > this.#max / 2) return false;
    this.#total += bytes;
    return true;
  }

  /** Gives back what {@link takeSpare} took. */
  giveBack(bytes: number): void {
    this.#total -= bytes;
  }

  #set(hold: Hold, bytes: number): void {
    const [before, after] = [classOf(hold.bytes), classOf(bytes)];
    this.#total += bytes - hold.bytes;
    hold.bytes = bytes;
    if (before !== after) {
      if (before >= 0) this.#classes[before]!.delete(hold);
      if (after >= 0) (this.#classes[after] ??= new Set()).add(hold);
      this.#count += Math.sign(after + 1) - Math.sign(before + 1);
    }
    while (this.#total > this.#max && this.#count > 1) this.#largest().refuse();
  }

  /** The largest, give or take a sixteenth. */
  #largest(): Hold {
    const largest = this.#classes.findLast((holds) => holds !== undefined && holds.size > 0);
    return largest!.values().next().value!;
  }
}

/** The steps between a size and twice as much. */
const CLASSES_PER_DOUBLING = 16;

/** The number of a size's class, which is higher for more; -1 for nothing. */
function classOf(bytes: number): number {
  return bytes === 0 ? -1 : Math.floor(Math.log2(bytes) * CLASSES_PER_DOUBLING);
}

/** The bytes of one. */
export class Hold {
  bytes = 0;
  readonly #count: (hold: Hold, bytes: number) => void;
  readonly #onRefused: (error: EdgeError) => void;
  #isRefused = false;

  constructor(count: (hold: Hold, bytes: number) => void, onRefused: (error: EdgeError) => void) {
    this.#count = count;
    this.#onRefused = onRefused;
  }

  /** Sets the number; 0 at the end. It may refuse this one, or others. */
  set(bytes: number): void {
    if (!this.#isRefused) this.#count(this, bytes);
  }

  /** There is no room for it. */
  refuse(): void {
    this.set(0);
    this.#isRefused = true;
    this.#onRefused(tooMuch());
  }
}

/** There is no room. */
export function tooMuch(): EdgeError {
  const message = "too much waits for clients, and this more than others: try again later";
  return new EdgeError("TOO_MUCH_BUFFERED", message, { "retry-after": "1" });
}
