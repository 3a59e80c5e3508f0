import { test } from "@jest/globals";
import { niceGrpc } from "@callwire/client-sdk/nice-grpc";
import { installed, missing, type ProxyProgram } from "./programs.js";

/** True for `pnpm proxies`, which has the time for every combination and for many calls. */
declare const atLength: boolean | undefined;
export const isAtLength = typeof atLength !== "undefined";

/** A number of calls: tenfold at length. */
export const many = (calls: number) => (isAtLength ? 10 * calls : calls);

/** The runtimes of the SDK, each with the options of a client over it. */
export const clientRuntimes = [
  { name: "transport", options: {} },
  { name: "nice-grpc", options: { runtime: niceGrpc } },
] as const;
export type NamedClientRuntime = (typeof clientRuntimes)[number];

/** Says which proxies this machine lacks, by skipped tests, and runs a test with those that it has. */
export function testProxies(
  name: string,
  run: (programs: readonly ProxyProgram[]) => Promise<void>,
  timeoutMs: number,
): void {
  for (const why of missing) {
    process.stderr.write(`SKIPPED: ${name}; ${why}\n`);
    test.skip(`${name} (${why})`, () => {});
  }
  if (installed.length > 0)
    test(`${name}: ${installed.map((program) => program.name).join(", ")}`, () => run(installed), timeoutMs);
}
