import { readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { runIn } from "./command.js";
import type { Project } from "./project.js";

/** The size of what one plugin makes. */
export interface Sizes {
  /** Of TypeScript. */
  lines: number;
  /** Of JavaScript, as the compiler makes it. */
  bytes: number;
  /** Of all JavaScript in one, as a package is. */
  gzipBytes: number;
  /** Of each file alone, as a server sends them. */
  gzipEachBytes: number;
  /** Of all JavaScript in one, by brotli: gzip finds no repetition further back than 32 KB, which is some ten messages. */
  brotliBytes: number;
  /** Of a bundle with one message and the runtime: of ours the one of Node.js, with JSON. */
  bundleGzipBytes: number;
  /** The same for the browser: under that condition our runtime is another one, and has JSON if it is enabled. */
  browserBundleGzipBytes: number;
}

/** As npm packs, and as what is compressed once for many readers. */
const gzip = (data: Uint8Array | string): number =>
  gzipSync(data, { level: constants.Z_BEST_COMPRESSION }).length;

export async function measureSizes(project: Project): Promise<Sizes> {
  const read = (folder: string, paths: readonly string[]): Buffer[] =>
    paths.map((path) => readFileSync(join(project.folder, folder, path)));
  const sources = read("src", project.sources());
  const scripts = read("js", project.scripts());
  const all = Buffer.concat(scripts);
  return {
    lines: sources.reduce((sum, source) => sum + source.toString().split("\n").length - 1, 0),
    bytes: all.length,
    gzipBytes: gzip(all),
    gzipEachBytes: scripts.reduce((sum, script) => sum + gzip(script), 0),
    brotliBytes: brotliCompressSync(all).length,
    bundleGzipBytes: gzip(await bundle(project, "neutral")),
    browserBundleGzipBytes: gzip(await bundle(project, "browser")),
  };
}

async function bundle({ folder }: Project, platform: "neutral" | "browser"): Promise<string> {
  await using build = await rolldown({
    input: join(folder, "js/one.js"),
    platform,
    logLevel: "warn",
  });
  const { output } = await build.generate({ format: "esm", minify: true });
  if (output.length !== 1) throw new Error(`the bundle of ${folder} has ${output.length} files`);
  return output[0].code;
}

/** Milliseconds that the compiler takes to check all types. */
export function checkMs(project: Project): number {
  const began = performance.now();
  project.check();
  return performance.now() - began;
}

/** Measured inside the process: its own start is not part of it. */
const importer = `
const began = performance.now();
await import("./js/all.js");
console.log(performance.now() - began);
`;

/** Milliseconds that Node.js takes to import all modules, in a process of its own. */
export function importMs({ folder }: Project): number {
  return Number(runIn(folder, process.execPath, "--input-type=module", "--eval", importer));
}
