import { barChart, themes, type Panel } from "./bar-chart.js";
import { NOT_MEASURED, type Rows } from "./doc-tables.js";

/** A picture of some columns of one of the documentation's tables. */
interface Plot {
  table: string;
  title: string;
  /** The columns, by their heads, and the titles of their panels. */
  columns: readonly [head: string, title: string][];
}

const plots: readonly Plot[] = [
  {
    table: "product",
    title: "The product: calls a second",
    columns: [
      ["GetUser, 64 in flight", "GetUser, 64 in flight, calls/s"],
      ["GetUser, 1", "GetUser, 1 in flight, calls/s"],
      ["CreateUser, 64", "CreateUser, 64 in flight, calls/s"],
      ["a page of 100, 16", "A page of 100 users, 16 in flight, calls/s"],
    ],
  },
  {
    table: "product-watch",
    title: "The product: 10,000 watches",
    columns: [
      ["server memory of an idle stream (RSS)", "Memory of an idle stream, less is better"],
      ["events/s", "Events a second"],
    ],
  },
  {
    table: "calls",
    title: "The transport alone: GetUser, calls a second",
    columns: [
      ["64", "64 in flight, calls/s"],
      ["1 in flight", "1 in flight, calls/s"],
      ["64, TLS", "64 in flight over TLS, calls/s"],
      ["server alone, calls per CPU second", "Server alone, calls per CPU second"],
    ],
  },
  {
    table: "streams",
    title: "The transport alone: messages a second",
    columns: [
      ["server-stream, messages/s", "Server streaming, messages/s"],
      ["client-stream", "Client streaming, messages/s"],
    ],
  },
];

const NOTE = "From zero, linear. One machine; only the ratios within one run mean anything.";

/** The cells of the tables that stand in a text, by their names. */
function tablesIn(text: string): Map<string, Rows> {
  const tables = new Map<string, Rows>();
  for (const [, name = "", body = ""] of text.matchAll(/<!-- measured: (.*?) -->\n(.*?)<!-- end -->/gs)) {
    const lines = body.split("\n").filter((line) => line.startsWith("|") && !line.startsWith("| -"));
    tables.set(
      name,
      lines.map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll("`", "")),
      ),
    );
  }
  return tables;
}

/** The number in a cell like "187,060" or "4.03 KB"; undefined if nothing was measured. */
function numberIn(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === "" || cell === NOT_MEASURED) return undefined;
  const number = Number.parseFloat(cell.replaceAll(",", ""));
  return Number.isNaN(number) ? undefined : number;
}

function panelOf([head = [], ...rows]: Rows, column: string, title: string): Panel {
  const index = head.indexOf(column);
  if (index < 0) throw new Error(`no table has a column '${column}'`);
  const bars = rows.flatMap((row) => {
    const [label = ""] = row;
    const text = row[index] ?? "";
    const value = numberIn(text);
    const isOwn = label.startsWith("@callwire/") || label.startsWith("SDK, kit");
    return value === undefined ? [] : [{ label, value, text, isOwn }];
  });
  return { title, bars };
}

/** The documentation's pictures, by the names of their files: what its tables say, in both themes. */
export function docPlots(text: string): Map<string, string> {
  const tables = tablesIn(text);
  const files = new Map<string, string>();
  for (const { table, title, columns } of plots) {
    const rows = tables.get(table);
    if (rows === undefined) throw new Error(`the documentation has no table '${table}'`);
    const panels = columns
      .map(([head, panelTitle]) => panelOf(rows, head, panelTitle))
      .filter(({ bars }) => bars.length > 0);
    if (panels.length === 0) continue;
    for (const [name, theme] of Object.entries(themes)) {
      files.set(`${table}-${name}.svg`, barChart(title, NOTE, panels, theme));
    }
  }
  return files;
}
