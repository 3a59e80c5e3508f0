import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A program that runs JavaScript, and its version. */
export interface ForeignProgram {
  name: "node" | "bun" | "deno" | "workerd";
  /** A whole version, such as 26.10.0. */
  version: string;
}

/** Where installed programs are kept; not in the repository. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/callwire-programs", import.meta.url));

/**
 * The registry's package that holds a program for this machine, and the program's path in it. The packages `node`, `bun`,
 * `deno` and `workerd` depend on these, and bring them into place by scripts at install time, which are not run here. Undefined
 * where there is none.
 */
function packageOf({ name }: ForeignProgram): { package: string; path: string } | undefined {
  const { platform, arch } = process;
  const supported = (platform === "linux" || platform === "darwin") && (arch === "x64" || arch === "arm64");
  if (!supported) return undefined;
  switch (name) {
    case "node":
      return { package: `node-${platform}-${arch}`, path: "bin/node" };
    case "bun":
      return { package: `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : "x64"}`, path: "bin/bun" };
    case "deno":
      return { package: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`, path: "deno" };
    case "workerd":
      return {
        package: `@cloudflare/workerd-${platform}-${arch === "arm64" ? "arm64" : "64"}`,
        path: "bin/workerd",
      };
  }
}

/** The path of a program that was installed before; undefined if it was not. */
export function findProgram(program: ForeignProgram): string | undefined {
  const from = packageOf(program);
  if (from === undefined) return undefined;
  const path = join(folderOf(program), "node_modules", from.package, from.path);
  return existsSync(path) ? path : undefined;
}

/**
 * Installs a program from the npm registry, unless it was installed before, and returns its path.
 *
 * @throws if there is none for this machine, or if the registry cannot be reached.
 */
export function installProgram(program: ForeignProgram): string {
  const found = findProgram(program);
  if (found !== undefined) return found;
  const { name, version } = program;
  const from = packageOf(program);
  if (from === undefined) throw new Error(`there is no ${name} for ${process.platform} on ${process.arch}`);
  const folder = folderOf(program);
  mkdirSync(folder, { recursive: true });
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"];
  const { status, stderr, error } = spawnSync("npm", [...args, `${from.package}@${version}`], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name} ${version} cannot be installed: ${error?.message ?? stderr}`);
  const path = findProgram(program);
  if (path === undefined) throw new Error(`${from.package}@${version} has no ${from.path}`);
  return path;
}

function folderOf({ name, version }: ForeignProgram): string {
  return join(CACHE, `${name}-${version}`);
}
