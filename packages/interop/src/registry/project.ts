import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, runWell, type Outcome } from "../run.js";

/** The environment variable by which tests find the registry of their run. */
export const URL_OF_THIS_RUN = "REHEARSAL_REGISTRY";

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
export type PackageManager = "npm" | "pnpm" | "yarn" | "yarn-1";

/** Reads a package.json; without dependencies it has an empty list of them. */
export function manifestIn(folder: string): Manifest {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { dependencies: {}, ...(manifest as Omit<Manifest, "dependencies">) };
}

/** The command of each, with its version where this machine may have none. */
const COMMANDS: Record<PackageManager, readonly [command: string, ...args: string[]]> = {
  npm: ["npm"],
  pnpm: ["pnpm"],
  yarn: ["npx", "--yes", "@yarnpkg/cli-dist@4.18.1"],
  "yarn-1": ["npx", "--yes", "yarn@1.22.22"],
};
/** No script runs. pnpm's cache is by host and port: what another registry had there before must not be taken for ours. */
const INSTALL: Record<PackageManager, readonly string[]> = {
  npm: ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
  pnpm: ["install", "--ignore-workspace", "--ignore-scripts", "--config.cache-dir=.cache"],
  yarn: ["install", "--mode=skip-build", "--no-immutable"],
  "yarn-1": ["install", "--ignore-scripts", "--non-interactive", "--no-progress", "--prefer-offline"],
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
  if (manager === "yarn") await writeYarnSettings(folder, registry);
  else writeFileSync(join(folder, ".npmrc"), `@callwire:registry=${registry}\n`);
  const [command, ...first] = COMMANDS[manager];
  await runWell(command, [...first, ...INSTALL[manager], ...args], { cwd: folder });
}

/** Yarn takes no version that is younger than some days, unless a project approves of it, and reads no settings of npm. */
async function writeYarnSettings(folder: string, registry: string): Promise<void> {
  const others = (await runWell("npm", ["config", "get", "registry"], { cwd: folder })).trim();
  const settings = [
    `npmRegistryServer: ${JSON.stringify(others)}`,
    `npmScopes: { callwire: { npmRegistryServer: ${JSON.stringify(registry)} } }`,
    'npmPreapprovedPackages: ["@callwire/*"]',
    'unsafeHttpWhitelist: ["127.0.0.1"]',
    "enableGlobalCache: false",
    "enableTelemetry: false",
  ];
  writeFileSync(join(folder, ".yarnrc.yml"), `${settings.join("\n")}\n`);
  // Without one, a folder above would be the project.
  writeFileSync(join(folder, "yarn.lock"), "");
}

/** Runs a script of a project's package.json. */
export async function runScript(
  folder: string,
  script: string,
  { manager = "npm", env = {} }: { manager?: PackageManager; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const [command, ...first] = COMMANDS[manager];
  return await run(command, [...first, "run", script], { cwd: folder, env, withChildren: true });
}
