import { test } from "@jest/globals";
import { niceGrpc } from "@callwire/client-sdk/nice-grpc";
import { installed, missing, type ProxyProgram } from "./programs.js";

/** True for `pnpm proxies`, which has the time for every combination and for many calls. */
declare const atLength: boolean | undefined;
export const isAtLength = typeof atLength !== "undefined";

/** A number of calls: fourfold at length. */
export const many = (calls: number) => (isAtLength ? 4 * calls : calls);

/** The runtimes of the SDK, each with the options of a client over it. */
export const clientRuntimes = [
  { name: "transport", options: {} },
  { name: "nice-grpc", options: { runtime: niceGrpc } },
] as const;
export type NamedClientRuntime = (typeof clientRuntimes)[number];

/**
 * True if a channel may have more than 1,000 answers over one connection. Node.js's own HTTP/2 client, which grpc-js stands on, ends
 * a connection after that many of Apache's empty DATA frames.
 */
export function lastsLong(proxy: ProxyProgram["name"], { name }: NamedClientRuntime): boolean {
  return proxy !== "Apache" || name === "transport";
}

/** Settings of {@link testProxies}. */
export interface ProxyTestOptions {
  timeoutMs: number;
  /** The proxies that it is about. Default: all. */
  names?: readonly ProxyProgram["name"][];
}

/** Runs a test with the proxies that this machine has, and says by a skipped test which of them it lacks. */
export function testProxies(
  name: string,
  run: (programs: readonly ProxyProgram[]) => Promise<void>,
  { timeoutMs, names }: ProxyTestOptions,
): void {
  const isWanted = (program: ProxyProgram) => names === undefined || names.includes(program.name);
  const found = installed.filter(isWanted);
  if (found.length > 0) {
    test(`${name}: ${found.map((program) => program.name).join(", ")}`, () => run(found), timeoutMs);
  }
  for (const { name: proxy, debianPackage } of missing.filter(isWanted)) {
    const why = `no ${proxy}: on Debian, apt-get install ${debianPackage}`;
    process.stderr.write(`SKIPPED: ${name}; ${why}\n`);
    test.skip(`${name} (${why})`, () => {});
  }
}
