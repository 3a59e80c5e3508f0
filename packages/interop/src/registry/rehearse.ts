import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runWell } from "../run.js";
import type { Registry } from "./registry.js";

/** A package as the registry has it. */
export interface PublishedPackage {
  name: string;
  version: string;
  /** The bytes of its files. */
  unpackedSize: number;
  files: number;
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
  // Only where there is a changeset. In the workflow, this is a pull request of its own.
  await pnpm(["run", "release:version"]);
  await pnpm(["run", "release"], registry.env);
  return await Promise.all(publicPackages(clone).map((name) => published(registry, name)));
}

/** The names of the packages of a workspace that are not private. */
export function publicPackages(root: string): string[] {
  const folders = [
    join(root, "gen"),
    ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name)),
  ];
  const manifests = folders.map(
    (folder) =>
      JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string; private?: boolean },
  );
  return manifests.filter((manifest) => manifest.private !== true).map(({ name }) => name);
}

/** What the registry says of the latest version of a package. */
async function published(registry: Registry, name: string): Promise<PublishedPackage> {
  const answer = await fetch(`${registry.url}${name.replace("/", "%2f")}/latest`);
  if (!answer.ok) throw new Error(`${name} was not published: HTTP ${answer.status} ${await answer.text()}`);
  const { version, dist } = (await answer.json()) as {
    version: string;
    dist: { unpackedSize: number; fileCount: number };
  };
  return { name, version, unpackedSize: dist.unpackedSize, files: dist.fileCount };
}
