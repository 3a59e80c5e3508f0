import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { runWell } from "../run.js";
import { packedFiles } from "./packed-files.js";
import type { Registry } from "./registry.js";
import { publicPackages } from "./workspace.js";

/** A package as the registry has it. */
export interface PublishedPackage {
  name: string;
  version: string;
}

/** The settings of {@link rehearse}. */
export interface RehearsalOptions {
  /** The repository of which the last commit is released. */
  repository: string;
  /** An empty folder, in which the clone is made. */
  folder: string;
  registry: Registry;
  /** Gets a line before each step. */
  report: (step: string) => void;
}

/**
 * Releases the last commit of a repository to a registry: the commands of `.github/workflows/release.yml`, in a clean clone.
 *
 * @returns what the registry has afterwards.
 * @throws if a command fails, or if a public package is not in the registry.
 */
export async function rehearse({
  repository,
  folder,
  registry,
  report,
}: RehearsalOptions): Promise<PublishedPackage[]> {
  const clone = join(folder, "clone");
  const pnpm = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    report(`pnpm ${args.join(" ")}`);
    await runWell(process.execPath, [join(clone, "scripts/pnpm.mjs"), ...args], { cwd: clone, env });
  };
  report("git clone");
  await runWell("git", ["clone", "--quiet", repository, clone]);
  await pnpm(["install", "--frozen-lockfile", "--prefer-offline"]);
  await comparePacks(join(clone, "packages/client-sdk"), report);
  // Only where there is a changeset. In the workflow, this is a pull request of its own.
  await pnpm(["run", "release:version"]);
  await pnpm(["run", "release"], registry.env);
  return await Promise.all(publicPackages(clone).map((name) => published(registry, name)));
}

/** Packs a package of a clone in which nothing was built. */
async function comparePacks(folder: string, report: RehearsalOptions["report"]): Promise<void> {
  report("npm pack and pnpm pack, of what is not built");
  const byNpm = await packedFiles(folder, "npm", { scripts: true });
  const byPnpm = await packedFiles(folder, "pnpm", { scripts: true });
  if (!("package/dist/index.js" in byNpm)) throw new Error("npm pack has not built the package");
  if (!isDeepStrictEqual(byNpm, byPnpm)) throw new Error("npm pack and pnpm pack give different files");
}

/** What the registry says of the latest version of a package. */
async function published(registry: Registry, name: string): Promise<PublishedPackage> {
  const answer = await fetch(`${registry.url}${name.replace("/", "%2f")}/latest`);
  if (!answer.ok) throw new Error(`${name} was not published: HTTP ${answer.status} ${await answer.text()}`);
  const { version } = (await answer.json()) as { version: string };
  return { name, version };
}
