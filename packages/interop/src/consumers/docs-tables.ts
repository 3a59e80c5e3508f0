import { readFileSync, writeFileSync } from "node:fs";
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

/**
 * Puts a table between `<!-- <name> -->` and `<!-- /<name> -->` of a page.
 *
 * @throws if the page has no such place.
 */
export function fillDocs(path: string, name: string, table: string): void {
  const page = readFileSync(path, "utf8");
  const place = new RegExp(`(<!-- ${name} -->\\n)[^]*?(\\n<!-- /${name} -->)`);
  if (!place.test(page)) throw new Error(`${path} has no place for ${name}`);
  writeFileSync(
    path,
    page.replace(place, (_, before: string, after: string) => `${before}\n${table}\n${after}`),
  );
}
