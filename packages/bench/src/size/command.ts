import { spawnSync } from "node:child_process";

/** No step takes longer, in milliseconds. */
const LIMIT_MS = 300_000;

/**
 * Runs a program in a folder to its end, and returns what it printed.
 *
 * @throws if it fails, with what it printed.
 */
export function runIn(folder: string, program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: LIMIT_MS,
    maxBuffer: 64 << 20,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")}: exit status ${status}\n${stdout}${stderr}`);
  return stdout;
}
