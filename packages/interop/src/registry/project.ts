import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runWell } from "../run.js";

/** The environment variable by which tests find the registry of their run. */
export const URL_OF_THIS_RUN = "CALLWIRE_REHEARSAL_REGISTRY";

/** Of a package.json, what is read and written here. */
export interface Manifest {
  name: string;
  private?: boolean;
  type?: "module" | "commonjs";
  scripts?: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** A program that installs packages. */
export type PackageManager = "npm" | "pnpm" | "yarn";

/** Reads a package.json; without dependencies it has an empty list of them. */
export function manifestIn(folder: string): Manifest {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { dependencies: {}, ...(manifest as Omit<Manifest, "dependencies">) };
}

/** No script runs, and nothing comes from a cache of what another registry on the same port had. */
const INSTALL: Record<PackageManager, readonly string[]> = {
  npm: ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
  pnpm: ["install", "--ignore-workspace", "--ignore-scripts", "--config.cache-dir=.cache"],
  yarn: ["install", "--ignore-scripts", "--non-interactive", "--no-progress"],
};

/** The settings of {@link installProject}. */
export interface InstallOptions {
  /** Default: pnpm, the quickest. */
  manager?: PackageManager;
  /** More arguments of the command. */
  args?: readonly string[];
  /** The registry that has our packages. Default: the one that the suite `installed` of this package has started. */
  registry?: string;
}

/**
 * Writes the package.json of a project and installs what it depends on, as a stranger does. Our packages come from the
 * rehearsal's registry, the others from the one that npm is configured with.
 *
 * @throws if there is no registry, or if the install fails.
 */
export async function installProject(
  folder: string,
  manifest: Manifest,
  { manager = "pnpm", args = [], registry = process.env[URL_OF_THIS_RUN] }: InstallOptions = {},
): Promise<void> {
  if (registry === undefined) throw new Error("no registry: run this in the suite `installed`");
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  writeFileSync(join(folder, ".npmrc"), `@callwire:registry=${registry}\n`);
  await runWell(manager, [...INSTALL[manager], ...args], { cwd: folder });
}
