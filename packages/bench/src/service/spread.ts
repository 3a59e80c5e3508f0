/** A prime beside which no number of users has a common factor. */
const STEP = 611_953;

/** Turns 0, 1, 2, … into numbers below `count` in an order that looks random, each once before any comes again. */
export function spread(index: number, count: number): number {
  return ((index % count) * STEP) % count;
}
