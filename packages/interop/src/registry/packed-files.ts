import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { runWell } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";

/** What is in a packed package: a hash of each file by its path, and of package.json what an install reads. */
export type PackedFiles = Record<string, unknown>;

const INSTALL_READS = [
  "name",
  "version",
  "type",
  "bin",
  "imports",
  "exports",
  "engines",
  "dependencies",
  "peerDependencies",
  "peerDependenciesMeta",
];

/**
 * Packs a package and reads what is in it.
 *
 * @param options `scripts` is true if `prepack` runs, which builds.
 */
export async function packedFiles(
  folder: string,
  manager: "npm" | "pnpm",
  { scripts }: { scripts: boolean },
): Promise<PackedFiles> {
  using destination = temporaryFolder();
  const ignore = manager === "npm" ? "--ignore-scripts" : "--config.ignore-scripts=true";
  const args = ["pack", "--pack-destination", destination.path, ...(scripts ? [] : [ignore])];
  await runWell(manager, args, { cwd: folder });
  const [tarball = ""] = readdirSync(destination.path);
  const unpacked = join(destination.path, "unpacked");
  mkdirSync(unpacked);
  await runWell("tar", ["-xzf", join(destination.path, tarball), "-C", unpacked]);
  const files = readdirSync(unpacked, { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const bytes = readFileSync(path);
      if (name !== "package.json")
        return [relative(unpacked, path), createHash("sha256").update(bytes).digest("hex")];
      const manifest = JSON.parse(bytes.toString()) as Record<string, unknown>;
      return [relative(unpacked, path), INSTALL_READS.map((key) => [key, manifest[key]])];
    }),
  );
}
