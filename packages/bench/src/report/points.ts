import type { Result } from "./results.js";

/** A number made of what was measured, and what it must be. */
export interface Point {
  point: string;
  wanted: string;
  /** Undefined where a part of it was not measured. */
  value: (of: Lookup) => number | undefined;
  /** Absent if the number is only reported. */
  meets?: (value: number) => boolean;
  /** Default: as a ratio. */
  show?: (value: number) => string;
}

/** The medians of a peer's work. */
export type Lookup = (work: string, peer: string) => Result["median"] | undefined;

type Key = "rate" | "p99Us";

/** One of two numbers of a ratio: a number of a peer's work. */
export interface Side {
  work: string;
  peer: string;
  /** Default: rate. */
  key?: Key;
}

/** The ratio of the transport's figure to another peer's. */
export function times(point: string, work: string, peer: string, atLeast: number): Point {
  return atLeastTimes(point, { work, peer: "callwire" }, { work, peer }, atLeast);
}

/** The ratio of two numbers, and its least. */
export function atLeastTimes(point: string, ours: Side, theirs: Side, least: number): Point {
  return {
    ...reported(point, ours, theirs),
    wanted: `≥ ${least} × ${theirs.work === ours.work ? theirs.peer : theirs.work}`,
    meets: (value) => value >= least,
  };
}

/** The ratio of two numbers, without a judgement. */
export function reported(point: string, ours: Side, theirs: Side): Point {
  return {
    point,
    wanted: `beside ${theirs.work === ours.work ? theirs.peer : theirs.work}`,
    value: (of) => ratio(numberOf(of, ours), numberOf(of, theirs)),
  };
}

/** A number of one peer that must not be more than a limit. */
export function atMost(
  point: string,
  wanted: string,
  value: Point["value"],
  most: number,
  show?: (value: number) => string,
): Point {
  return { point, wanted, value, meets: (number) => number <= most, ...(show && { show }) };
}

export function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

function numberOf(of: Lookup, { work, peer, key = "rate" }: Side): number | undefined {
  return of(work, peer)?.[key];
}
