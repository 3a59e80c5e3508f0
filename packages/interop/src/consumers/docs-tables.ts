import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runWell } from "../run.js";
import type { Trial } from "./try-consumers.js";

/** A table of Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The table of what was tried. */
export function consumersTable(trials: readonly Trial[]): string {
  const rows = trials.map(({ consumer: { name, setting }, problem }) => [
    name,
    problem === undefined ? "works" : "does not work",
    setting ?? "none",
  ]);
  return markdownTable(["consumer", "result", "setting that it needs"], rows);
}

/** The page that has the tables of this folder. */
export const INSTALLING = fileURLToPath(new URL("../../../../docs/installing.md", import.meta.url));

/**
 * Puts a table between `<!-- <name> -->` and `<!-- /<name> -->` of {@link INSTALLING}, and formats the page.
 *
 * @throws if the page has no such place.
 */
export async function fillDocs(name: string, table: string): Promise<void> {
  const page = readFileSync(INSTALLING, "utf8");
  const place = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`);
  if (!place.test(page)) throw new Error(`${INSTALLING} has no place for ${name}`);
  const filled = page.replace(place, (_, before: string, after: string) => `${before}\n${table}\n\n${after}`);
  writeFileSync(INSTALLING, filled);
  await runWell("pnpm", ["--workspace-root", "exec", "oxfmt", INSTALLING]);
}
