import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runWell } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";

/** Of a package.json, what is read and written here. */
export interface Manifest {
  name: string;
  private?: boolean;
  type?: "module";
  dependencies: Record<string, string>;
  pnpm?: { overrides: Record<string, string> };
}

/** Reads a package.json; without dependencies it has an empty list of them. */
export function manifestIn(folder: string): Manifest {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { dependencies: {}, ...(manifest as Omit<Manifest, "dependencies">) };
}

/** The folders of the workspace's packages, by name. */
function workspacePackages(): Map<string, string> {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const folders = [
    join(root, "gen"),
    ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name)),
  ];
  return new Map(folders.map((folder) => [manifestIn(folder).name, folder]));
}

/** The names among `wanted` that the workspace has, and of all that those depend on there. */
function withDependencies(wanted: Iterable<string>, folders: ReadonlyMap<string, string>): Set<string> {
  const names = new Set<string>();
  const add = (name: string) => {
    const folder = folders.get(name);
    if (!folder || names.has(name)) return;
    names.add(name);
    Object.keys(manifestIn(folder).dependencies).forEach(add);
  };
  for (const name of wanted) add(name);
  return names;
}

/**
 * Installs a project whose dependencies are packages of the workspace, and others: those of the workspace as they would be
 * published, with those that they depend on, packed for it. No script runs.
 *
 * @param manifest The project's package.json, which this writes.
 * @param options More options of `pnpm install`.
 * @returns The names of the packages of the workspace.
 * @throws if one of them is private, which cannot be published.
 */
export async function installPacked(
  project: string,
  manifest: Manifest,
  ...options: readonly string[]
): Promise<string[]> {
  using tarballs = temporaryFolder();
  const packed = await pack(Object.keys(manifest.dependencies), tarballs.path);
  const dependencies = Object.entries(manifest.dependencies).map(([name, range]) => [
    name,
    packed[name] ?? range,
  ]);
  // Those of the workspace depend on each other too, and are in no registry yet.
  const written: Manifest = {
    ...manifest,
    dependencies: Object.fromEntries(dependencies),
    pnpm: { overrides: packed },
  };
  writeFileSync(join(project, "package.json"), JSON.stringify(written));
  await runWell(
    "pnpm",
    ["install", "--ignore-workspace", "--prefer-offline", "--ignore-scripts", ...options],
    {
      cwd: project,
    },
  );
  return Object.keys(packed);
}

/** Packs those of `wanted` that the workspace has. Returns where the tarballs are, as dependencies name them. */
async function pack(wanted: Iterable<string>, destination: string): Promise<Record<string, string>> {
  const folders = workspacePackages();
  const packed: Record<string, string> = {};
  for (const name of withDependencies(wanted, folders)) {
    const folder = folders.get(name) ?? "";
    if (manifestIn(folder).private === true) throw new Error(`${name} is private`);
    const args = ["--dir", folder, "pack", "--json", "--pack-destination", destination];
    const { filename } = JSON.parse(await runWell("pnpm", args)) as { filename: string };
    packed[name] = `file:${filename}`;
  }
  return packed;
}
