import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { installProject, type InstallOptions } from "../registry/project.js";
import { runWell } from "../run.js";

/**
 * Installs packages so that each can be measured by itself: it finds what its own manifest declares, and nothing else.
 *
 * @param folder An empty folder.
 */
export async function installApart(
  folder: string,
  dependencies: Record<string, string>,
  options: InstallOptions = {},
): Promise<void> {
  const manifest = { name: "project", private: true, dependencies };
  await installProject(folder, manifest, { args: ["--config.hoist=false"], ...options });
}

/**
 * What an install of packages brings: the bytes of the files of each package, by `name@version`.
 *
 * @param folder Where {@link installApart} has installed them, among others.
 */
export function installedWith(folder: string, ...names: readonly string[]): Map<string, number> {
  const sizes = new Map<string, number>();
  const visit = (link: string): void => {
    const path = realpathSync(link);
    // node_modules/.pnpm/<name@version>/node_modules/<name>: what a package depends on is beside it.
    const store = path.slice(0, path.lastIndexOf("/node_modules/"));
    if (sizes.has(basename(store))) return;
    sizes.set(basename(store), bytesIn(path));
    for (const neighbour of packagesIn(join(store, "node_modules"))) visit(neighbour);
  };
  for (const name of names) visit(join(folder, "node_modules", name));
  return sizes;
}

function packagesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => !name.startsWith("."));
  return names.flatMap((name) =>
    name.startsWith("@")
      ? readdirSync(join(folder, name)).map((each) => join(folder, name, each))
      : [join(folder, name)],
  );
}

function bytesIn(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/**
 * The CPU time that imports take in a process of their own, in microseconds: the lowest of many, since other load only adds. They
 * are taken in turn, so that other load meets them all.
 *
 * @param imports The modules, each with the folder of a project that has it.
 * @param rounds The number of times. Default: 7.
 */
export async function importCosts(
  imports: readonly { specifier: string; folder: string }[],
  rounds = 7,
): Promise<Map<string, number>> {
  const costs = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const { specifier, folder } of imports) {
      const cost = await importCost(folder, specifier);
      costs.set(specifier, Math.min(costs.get(specifier) ?? Infinity, cost));
    }
  }
  return costs;
}

async function importCost(folder: string, specifier: string): Promise<number> {
  const program = `
    const before = process.cpuUsage();
    await import(${JSON.stringify(specifier)});
    const { user, system } = process.cpuUsage(before);
    console.log(user + system);`;
  return Number(await runWell(process.execPath, ["--input-type=module", "--eval", program], { cwd: folder }));
}
