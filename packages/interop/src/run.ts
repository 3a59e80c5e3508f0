import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** The result of a program. */
export interface Outcome {
  /** Null if a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The settings of a program. */
export interface RunOptions {
  cwd?: string;
  /** Beside those of this process. */
  env?: NodeJS.ProcessEnv;
  /** True if it starts processes that must end with it: all are killed together. Default: false. */
  withChildren?: boolean;
}

/** A program that runs. Disposing of it kills it. */
export interface Running extends AsyncDisposable {
  child: ChildProcess;
  /** Resolves when it has ended and all its output is here. Never rejects. */
  outcome: Promise<Outcome>;
  /** Resolves to the first line of its standard output that `choose` finds something in. */
  line<T>(choose: (line: string) => T | undefined): Promise<T>;
}

/** Those that run. One listener for all, since Node.js warns of more than ten. */
const kills = new Set<() => void>();
const killAll = () => {
  for (const kill of kills) kill();
};

/** Starts a program. It does not outlive this process, whatever becomes of the test. */
export function start(
  command: string,
  args: readonly string[],
  { cwd, env, withChildren = false }: RunOptions = {},
): Running {
  const child = spawn(command, args, {
    cwd,
    // The leader of a group of its own.
    detached: withChildren,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => {
    if (withChildren && child.pid !== undefined) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // All have ended.
      }
    } else child.kill("SIGKILL");
  };
  if (kills.size === 0) process.once("exit", killAll);
  kills.add(kill);

  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));

  const end = async (): Promise<Outcome> => {
    const closed = once(child, "close");
    try {
      const [code, signal] = (await closed) as [number | null, NodeJS.Signals | null];
      return { code, signal, stdout, stderr };
    } catch (error) {
      return { code: null, signal: null, stdout, stderr: stderr + String(error) };
    } finally {
      kills.delete(kill);
      if (kills.size === 0) process.off("exit", killAll);
    }
  };
  const outcome = end();

  return {
    child,
    outcome,
    line<T>(choose: (line: string) => T | undefined) {
      return new Promise<T>((resolve, reject) => {
        const look = () => {
          const complete = stdout.slice(0, stdout.lastIndexOf("\n") + 1).split("\n");
          for (const line of complete) {
            const found = choose(line);
            if (found === undefined) continue;
            child.stdout.off("data", look);
            resolve(found);
            return;
          }
        };
        child.stdout.on("data", look);
        look();
        // Does nothing if the line was there.
        void outcome.then(({ code, stdout, stderr }) =>
          reject(new Error(`${command} ${args.join(" ")}: exit code ${code}\n${stdout}${stderr}`)),
        );
      });
    },
    async [Symbol.asyncDispose]() {
      kill();
      await outcome;
    },
  };
}

/** Runs a program to its end. */
export async function run(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome> {
  await using running = start(command, args, options);
  return await running.outcome;
}

/** As {@link run}; throws with the program's output unless it exits with 0. */
export async function runWell(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  const { code, signal, stdout, stderr } = await run(command, args, options);
  if (code !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${signal ?? `exit code ${code}`}\n${stdout}${stderr}`);
  return stdout;
}
