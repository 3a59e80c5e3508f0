import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

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
