import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { soakAttacks } from "./soak-attacks.js";
import { builtProgram } from "../run/built.js";
import { residentBytes, RunningProgram } from "../run/programs.js";
import { problemsOf, type AttackBounds, type AttackPart, type AttackRow } from "./attack-table.js";
import type { AttackedState } from "./attacked-server.js";
import type { CallerPart } from "./caller.js";

/** Options for {@link runAttacks}. */
export interface AttackOptions extends AttackBounds {
  /** The length of all attacks together, in seconds. */
  seconds: number;
  /** The names of attacks. Default: all of them. */
  only?: readonly string[];
  onRow: (row: AttackRow) => void;
}

/** The shortest time for an attack: a p99 needs some hundred calls. */
const MIN_PART_MS = 500;
const WARM_UP_MS = 3000;
/** The time in which the server may clear up after an attack, in milliseconds; a state that is right sooner ends it. */
const CLEAR_MS = 5000;
const SAMPLE_MS = 50;
/** The time in which an attack must close its sockets when it is to end, in milliseconds. */
const END_LIMIT_MS = 30_000;

/** The attacks one by one, and then in pairs. */
export function attackRounds(names: readonly string[]): string[][] {
  const pairs = names.flatMap((name, i) => names.slice(i + 1).map((other) => [name, other]));
  return [...names.map((name) => [name]), ...pairs];
}

/**
 * Attacks a server in all ways, one by one and in pairs, beside callers that behave well.
 *
 * @returns The faults that were found; empty if all is well.
 */
export async function runAttacks(options: AttackOptions): Promise<string[]> {
  const rounds = attackRounds(options.only ?? soakAttacks.map(({ name }) => name));
  // Of a round's time, a quarter goes before the attack, and a quarter after it.
  const roundMs = Math.max((1000 * options.seconds) / rounds.length, 4 * MIN_PART_MS);
  await using server = start(0, "attacked-server.js", []);
  const { port } = await server.answer<{ port: number }>();
  await using caller = start(1, "caller.js", [port]);
  await using attacker = new Attackers(port);
  const stage = new Stage(server, caller);
  // Code is compiled, and connections are made.
  await stage.part(WARM_UP_MS);
  const problems: string[] = [];
  for (const names of rounds) {
    const before = await stage.part(roundMs / 4);
    const stateBefore = await stage.state();
    await stage.part(0);
    attacker.begin(names);
    const during = await stage.part(roundMs / 2);
    if (!(await attacker.end())) problems.push(`${names.join(" + ")}: it does not end`);
    const stateAfter = await stage.clearState(stateBefore, options);
    await stage.part(0);
    const after = await stage.part(roundMs / 4);
    const row: AttackRow = {
      attack: names.join(" + "),
      before,
      during,
      after,
      states: [stateBefore, stateAfter],
    };
    options.onRow(row);
    problems.push(...problemsOf(row, options));
  }
  return problems;
}

function start(core: 0 | 1, file: string, args: readonly number[]): RunningProgram {
  const program = [process.execPath, "--expose-gc", builtProgram("soak", file)];
  return new RunningProgram(core, program, args.map(String));
}

/** The process that attacks. */
class Attackers implements AsyncDisposable {
  readonly #port: number;
  #program: RunningProgram;

  constructor(port: number) {
    this.#port = port;
    this.#program = start(1, "attacker.js", [port]);
  }

  begin(names: readonly string[]): void {
    this.#program.tell(JSON.stringify(names));
  }

  /** False if they go on: then their process is killed, and another one is there for the next. */
  async end(): Promise<boolean> {
    this.#program.tell("");
    try {
      await this.#program.answer(END_LIMIT_MS);
      return true;
    } catch {
      await this.#program.kill();
      this.#program = start(1, "attacker.js", [this.#port]);
      return false;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** A server, and the callers beside whom it is attacked. */
class Stage {
  readonly #server: RunningProgram;
  readonly #caller: RunningProgram;

  constructor(server: RunningProgram, caller: RunningProgram) {
    this.#server = server;
    this.#caller = caller;
  }

  /** Watches both for a time; with none, what was not watched is forgotten. */
  async part(ms: number): Promise<AttackPart> {
    const { pid } = this.#server;
    const end = performance.now() + ms;
    let memory = 0;
    let descriptors = 0;
    do {
      await delay(Math.min(SAMPLE_MS, ms));
      memory = Math.max(memory, residentBytes(pid));
      descriptors = Math.max(descriptors, readdirSync(`/proc/${pid}/fd`).length);
    } while (performance.now() < end);
    this.#caller.tell("part");
    const part = await this.#caller.answer<CallerPart>();
    return { ...part, residentBytes: memory, descriptors };
  }

  async state(): Promise<AttackedState> {
    this.#server.tell("state");
    return this.#server.answer<AttackedState>();
  }

  /** The state after an attack, as soon as it is as before. */
  async clearState(before: AttackedState, { leftBytes }: AttackBounds): Promise<AttackedState> {
    for (const end = performance.now() + CLEAR_MS; ;) {
      const state = await this.state();
      const isClear =
        state.connectionsOpen <= before.connectionsOpen &&
        state.descriptors <= before.descriptors &&
        state.liveBytes <= before.liveBytes + leftBytes;
      if (isClear || performance.now() > end) return state;
      await delay(SAMPLE_MS);
    }
  }
}
