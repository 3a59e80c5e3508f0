import { NOT_MEASURED, type Rows } from "./doc-tables.js";

/**
 * Puts tables where a text has `<!-- measured: name -->`, in the place of what stands between that and `<!-- end -->`. A table
 * of which nothing was measured leaves there what an earlier run measured.
 *
 * @throws if the text names a table that is not there.
 */
export function fillTables(text: string, tables: ReadonlyMap<string, Rows>): string {
  return text.replace(
    /(<!-- measured: (.*?) -->\n).*?(<!-- end -->)/gs,
    (all, begin: string, name: string, end: string) => {
      const rows = tables.get(name);
      if (rows === undefined) {
        throw new Error(`there is no table ${name}; there is ${[...tables.keys()].join(", ")}`);
      }
      if (isEmpty(rows)) return all;
      return `${begin}\n${markdown(rows)}\n\n${end}`;
    },
  );
}

/** True if no cell beside the first column has anything. */
function isEmpty([, ...body]: Rows): boolean {
  return body.every(([, ...cells]) => cells.every((cell) => cell === NOT_MEASURED));
}

/** A table as oxfmt writes it. */
function markdown(rows: Rows): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const padded = (row: readonly string[]): string =>
    line(widths.map((width, column) => (row[column] ?? "").padEnd(width)));
  return [padded(head), line(widths.map((width) => "-".repeat(width))), ...body.map(padded)].join("\n");
}
