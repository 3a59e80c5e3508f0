import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { availableParallelism } from "node:os";
import { closeSync, openSync, readFileSync } from "node:fs";

/** A program and its first arguments. */
export type Program = readonly string[];

/** True if programs can be given a core each. */
export const pinned = availableParallelism() >= 2 && !spawnSync("taskset", ["--version"]).error;

/** Which core of a machine's first two. */
export type Core = 0 | 1;

/** Puts a program on a core, where that can be done. */
export function onCore(core: Core, program: Program): Program {
  return pinned ? ["taskset", "-c", String(core), ...program] : program;
}

/** Longer than any measurement takes that says nothing else. */
const ANSWER_LIMIT_MS = 120_000;

/** The way in which a program runs. */
export interface ProgramOptions {
  /**
   * Where its standard output goes, which is a log then; the program finds the path in BENCH_LOG, and answers on descriptor 3.
   * Default: it answers on its output.
   */
  log?: string;
}

/** A running program that answers in lines of JSON. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: string[] = [];
  readonly #name: string;
  #wake = (): void => {};
  #ended: Error | undefined;

  /** @param core Where it runs. `taskset` becomes the program, so the process's id is the program's. */
  constructor(core: Core, program: Program, args: readonly string[], { log }: ProgramOptions = {}) {
    const [command, ...rest] = onCore(core, program);
    this.#name = program.join(" ");
    // Pinning does for the others what GOMAXPROCS does for Go.
    const env = { ...process.env, GOMAXPROCS: "1", ...(log !== undefined && { BENCH_LOG: log }) };
    const output = log === undefined ? "pipe" : openSync(log, "a");
    const stdio = ["pipe", output, "inherit", ...(log === undefined ? [] : ["pipe" as const])] as const;
    this.#child = spawn(command!, [...rest, ...args], { stdio: [...stdio], env });
    if (typeof output === "number") closeSync(output);
    this.#child.stdin!.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdio[log === undefined ? 1 : 3] as Readable });
    this.#lines.on("line", (line) => {
      this.#answers.push(line);
      this.#wake();
    });
    this.#child.on("error", (error) => this.#end(error));
    this.#child.on("close", (code, signal) =>
      this.#end(new Error(`${this.#name} has ended with ${code ?? signal}`)),
    );
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The next line that it prints. Rejects if it ends first, or says nothing for `limitMs`. */
  async answer<T>(limitMs: number = ANSWER_LIMIT_MS): Promise<T> {
    const limit = setTimeout(() => this.#end(new Error(`${this.#name} does not answer`)), limitMs);
    try {
      return await this.#answer<T>();
    } finally {
      clearTimeout(limit);
    }
  }

  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** Ends it at once, as nothing that it could do anything about. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#child.once("close", resolve);
    });
    this.#child.kill("SIGKILL");
    await closed;
  }

  /** Ends it by ending its input; by force if that is not enough. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => {
      this.#child.once("close", resolve);
    });
    this.#child.stdin!.end();
    const force = setTimeout(() => this.#child.kill("SIGKILL"), 2000);
    await closed;
    clearTimeout(force);
  }

  async #answer<T>(): Promise<T> {
    while (this.#answers.length === 0) {
      if (this.#ended !== undefined) throw this.#ended;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return JSON.parse(this.#answers.shift()!) as T;
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#wake();
  }
}

/** Runs a program that says nothing to its end. Rejects if it fails, or takes longer than the limit. */
export async function runProgram(program: Program, args: readonly string[], limitMs: number): Promise<void> {
  const [command, ...rest] = program;
  const child = spawn(command!, [...rest, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: limitMs,
  });
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`${program.join(" ")} has ended with ${code ?? signal}`);
}

/** The memory of a process (proc(5), VmRSS), in bytes. Linux alone. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return 1024 * Number(kilobytes);
}

/** One over the kernel's clock tick, in which /proc counts; it is this on every Linux. */
const TICKS_A_SECOND = 100;

/** The seconds that a process has had a CPU, in user code and in the kernel (proc(5), utime and stime). Linux alone. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may have spaces; the state follows it, as field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
