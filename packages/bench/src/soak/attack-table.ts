import type { CallerPart } from "./caller.js";
import type { AttackedState } from "./attacked-server.js";

/** One state of the server and the callers, before, during or after an attack. */
export interface AttackPart extends CallerPart {
  residentBytes: number;
  descriptors: number;
}

/** The figures of one attack, or of two at once. */
export interface AttackRow {
  attack: string;
  before: AttackPart;
  /** The memory and the descriptors at their highest. */
  during: AttackPart;
  after: AttackPart;
  /** The server's own state before and after: its live memory above all. */
  states: [before: AttackedState, after: AttackedState];
}

/** The bounds of what an attack may do. */
export interface AttackBounds {
  /** The time by which the callers' p99 may be longer during an attack, in milliseconds. */
  slowerMs: number;
  /** The live memory that may be left by an attack, in bytes. */
  leftBytes: number;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const milliseconds = (us: number): string => (us / 1000).toFixed(1);

/** Names of attacks are sentences, and there are pairs of them. */
const NAME_WIDTH = 90;

/** The heading of {@link tableLine}'s columns; each has three figures: before, during and after. */
export const TABLE_HEADING = `${"attack".padEnd(NAME_WIDTH)} ${"p99 of callers, ms".padStart(22)} ${"resident, MB".padStart(16)} ${"descriptors".padStart(16)}`;

/** A row of the table. */
export function tableLine({ attack, before, during, after }: AttackRow): string {
  const parts = [before, during, after];
  const column = (figure: (part: AttackPart) => string | number, width: number): string =>
    parts.map(figure).join(" → ").padStart(width);
  return [
    attack.padEnd(NAME_WIDTH),
    column(({ p99Us }) => milliseconds(p99Us), 22),
    column(({ residentBytes }) => megabytes(residentBytes), 16),
    column(({ descriptors }) => descriptors, 16),
  ].join(" ");
}

/** The faults that a row shows. */
export function problemsOf(
  { attack, before, during, after, states: [stateBefore, stateAfter] }: AttackRow,
  { slowerMs, leftBytes }: AttackBounds,
): string[] {
  const problems: string[] = [];
  const say = (what: string): void => void problems.push(`${attack}: ${what}`);
  if (during.p99Us > before.p99Us + 1000 * slowerMs) {
    say(`the callers' p99 is ${milliseconds(during.p99Us)} ms, and was ${milliseconds(before.p99Us)} ms`);
  }
  if (during.answered === 0) say("no call of the callers was answered");
  for (const failure of [...before.failures, ...during.failures, ...after.failures]) {
    say(`a caller has failed with ${failure}`);
  }
  if (stateAfter.liveBytes > stateBefore.liveBytes + leftBytes) {
    say(`${megabytes(stateAfter.liveBytes)} MB are alive, and ${megabytes(stateBefore.liveBytes)} MB were`);
  }
  if (stateAfter.descriptors > stateBefore.descriptors) {
    say(`${stateAfter.descriptors} descriptors are open, and ${stateBefore.descriptors} were`);
  }
  if (stateAfter.connectionsOpen > stateBefore.connectionsOpen) {
    say(`${stateAfter.connectionsOpen} connections are open, and ${stateBefore.connectionsOpen} were`);
  }
  // The callers have one now and then.
  const callsLeft = stateAfter.callsOpen - stateBefore.callsOpen;
  if (callsLeft > MAX_CALLS_OPEN) say(`${callsLeft} calls have not ended`);
  for (const rejection of stateAfter.unhandledRejections) say(`unhandled: ${rejection}`);
  return problems;
}

/** The calls that all callers together may have open. */
const MAX_CALLS_OPEN = 16;
