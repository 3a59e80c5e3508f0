import type { EdgeError } from "../errors/edge-error.js";
import { TimeLimit } from "../internal/time-limit.js";
import { tooSlow } from "./body-errors.js";
import type { BodyLimits, Hold } from "./held-bytes.js";

/** The bounds of a body, or of a message, while its parts come: from when it is made, until its {@link end}. */
export class BodyBounds {
  readonly #limit: TimeLimit;
  readonly #hold: Hold;
  readonly #isCutOff: Promise<never>;

  constructor({ timeoutMs, held }: BodyLimits) {
    let cutOff: (error: EdgeError) => void = () => {};
    this.#isCutOff = new Promise((_, reject) => (cutOff = reject));
    this.#limit = new TimeLimit(timeoutMs, () => cutOff(tooSlow(timeoutMs)));
    this.#hold = held.open(cutOff);
  }

  /**
   * Waits for a part.
   *
   * @param bytes Of what has come before it.
   * @throws {EdgeError} if it takes too long, or if there is no room for so much.
   */
  wait<T>(part: Promise<T>, bytes: number): Promise<T> {
    this.#hold.set(bytes);
    return Promise.race([this.#isCutOff, part]);
  }

  end(): void {
    this.#limit.clear();
    this.#hold.set(0);
  }
}
