// Makes docs/limits.md out of the code: the doc comments of all interfaces of options, and the values of their defaults.
// `node scripts/limits-page.mjs` writes it; the check of the docs compares it.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { channel, fixed, places, sections } from "./limits-tables.mjs";

export const LIMITS_PAGE = "docs/limits.md";

/** The number that a text begins with, in bytes or milliseconds if it has a unit; undefined if there is none. */
function amountIn(text) {
  const [, number, unit = ""] = /^(\d[\d,]*(?:\.\d+)?) ?(KiB|MiB|minutes)?/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const factor = { KiB: 1024, MiB: 1024 ** 2, minutes: 60_000 }[unit] ?? 1;
  return Number(number.replaceAll(",", "")) * factor;
}

/** Throws if a comment states another default than the code has. */
function checkStated(of, property, byDefault) {
  const stated = amountIn(byDefault);
  if (stated === undefined) return;
  const name = `${of}.${property}`;
  const [file, pattern] = places[name] ?? (of === "ChannelOptions" ? channel(property) : []);
  const code = file && pattern.exec(read(file))?.[1];
  if (!code)
    throw new Error(
      `${name} has a default that scripts/limits-tables.mjs does not find: name its place there`,
    );
  const value = runInNewContext(code);
  if (value !== stated)
    throw new Error(
      `the comment of ${name} says that its default is ${stated}, and packages/${file} has ${value}`,
    );
}

const read = (file) => readFileSync(`packages/${file}`, "utf8");

/** The text of a doc comment, on one line. */
const textOf = (comment) =>
  comment
    .replace(/^\s*\/?\*+\/?/gm, "")
    .replace(/\*\/\s*$/, "")
    .replace(/\{@link (?:\w+\.)?(\w+)\}/g, "`$1`")
    .replace(/@throws[^]*/, "")
    .replace(/\s+/g, " ")
    .trim();

/** What a comment says of the default, and the rest of it. */
function splitDefault(text) {
  const at = text.search(/(?:^|(?<=[.;)] ))Default:? /);
  if (at < 0) return { meaning: text, byDefault: "" };
  // To the end of its sentence; "grpc.x" and "24.8" end none.
  const [said] = /^Default:? .*?(?:[.](?= [A-Z]|$)|$)/.exec(text.slice(at));
  const rest = text.slice(at + said.length).trim();
  const byDefault = said.replace(/^Default:? /, "").replace(/\.$/, "");
  return { meaning: `${text.slice(0, at).trim()} ${rest}`.trim(), byDefault };
}

/** The properties of an interface, each with the text of its comment. */
function propertiesOf(file, name) {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, "ms").exec(read(file))?.[1];
  if (body === undefined)
    throw new Error(`packages/${file} has no interface ${name}: see scripts/limits-tables.mjs`);
  return Array.from(
    body.matchAll(/(?:^ {2}(\/\*\*(?:(?!\*\/)[^])*\*\/)\n)?^ {2}(?:readonly )?"?([\w.]+)"?\??[:(]/gm),
    ([, comment = "", property]) => ({ property, text: textOf(comment) }),
  );
}

/** The value of a constant of the code that is a literal, or a sum or product of some. */
function valueOf(file, name) {
  const source = new RegExp(
    `^(?:export )?const ${name}(?:: \\w+)? = (.*?)(?: satisfies [^;]*)?;$`,
    "ms",
  ).exec(read(file))?.[1];
  if (source === undefined) throw new Error(`packages/${file} has no ${name}: see scripts/limits-tables.mjs`);
  // A default that stands in another file has a table of its own.
  return runInNewContext(`(${source})`, { defaultAbuseLimits: "below", Infinity });
}

/** A number with the unit that its name gives. */
function shown(name, value) {
  if (value === undefined) return "";
  if (value === Infinity) return "no limit";
  if (typeof value === "object")
    return `${shown("", value.burst)} at once, ${shown("", value.perSecond)} a second`;
  if (typeof value !== "number") return String(value);
  const units = /Bytes|BYTES|Window|WINDOW|Size$|_length$/.test(name)
    ? [
        [1024 ** 3, "GiB"],
        [1024 ** 2, "MiB"],
        [1024, "KiB"],
        [1, "bytes"],
      ]
    : /Ms$|_MS$|_ms$/.test(name)
      ? [
          [3_600_000, "h"],
          [60_000, "min"],
          [1000, "s"],
          [1, "ms"],
        ]
      : [[1, ""]];
  const [factor, unit] = units.find(([factor]) => value >= factor && value % factor === 0) ?? units.at(-1);
  return `${(value / factor).toLocaleString("en")} ${unit}`.trim();
}

/** A table, laid out as oxfmt does. */
function table(rows) {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = cells[0].map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`);
  return lines.join("\n");
}

function optionTable({ of, file, text, defaults = [], rest }) {
  const values = defaults.map(([, where, name]) => valueOf(where, name));
  const said = defaults.length === 0 || rest !== undefined;
  const head = [
    "option",
    ...defaults.map(([title]) => title),
    ...(said ? [rest ?? "default"] : []),
    "meaning",
  ];
  const rows = propertiesOf(file, of).map(({ property, text }) => {
    const { meaning, byDefault } = splitDefault(text);
    if (said) checkStated(of, property, byDefault);
    return [
      `\`${property}\``,
      ...values.map((value) => shown(property, value[property])),
      ...(said ? [byDefault] : []),
      // A condition of the default stays beside its value.
      !said && /[,;] (?:or|but|it) /.test(byDefault) ? `${meaning} Default: ${byDefault}.` : meaning,
    ];
  });
  return `### ${of}\n\n${text}\n\n${table([head, ...rows])}\n`;
}

function fixedTable() {
  const rows = fixed.flatMap(([file, names]) =>
    names.map((name) => {
      const comment = new RegExp(`(/\\*\\*(?:(?!\\*/)[^])*\\*/)\\nexport const ${name}\\b`).exec(
        read(file),
      )?.[1];
      if (comment === undefined) throw new Error(`${name} has no doc comment`);
      return [`\`${name}\``, shown(name, valueOf(file, name)), textOf(comment)];
    }),
  );
  return table([["limit", "value", "meaning"], ...rows]);
}

/** The page. */
export function limitsPage() {
  const parts = sections.map(({ title, tables }) => `## ${title}\n\n${tables.map(optionTable).join("\n")}`);
  return `# Limits and defaults

This page is made from the code: each meaning is a doc comment, each value a constant. \`Infinity\` is no limit. A value out of its
range, and a name that is no option, throw when the server or client is made. [The users service](users-service.md#limits) has
limits of its own, and [the plugin](../packages/codegen/README.md#options) options.

${parts.join("\n")}
## Fixed

Nothing changes these.

${fixedTable()}
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(LIMITS_PAGE, limitsPage());
