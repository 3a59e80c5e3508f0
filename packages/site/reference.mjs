// Makes the pages of the API reference out of the declarations that the packages publish: a heading for each exported name, its
// doc comment as prose, and its declaration.
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { format } from "oxfmt";

/** The packages whose entry points have a page each. Those of `gen` are generated from contracts, which have their own comments. */
const packages = ["client-sdk", "server-kit", "edge", "transport", "protobuf"];

/** The entry points: the names that are imported, and the files of their declarations. */
const entries = packages.flatMap((folder) => {
  const manifest = readFileSync(new URL(`../${folder}/package.json`, import.meta.url), "utf8");
  const { name, exports } = JSON.parse(manifest);
  return Object.entries(exports)
    .filter(([, conditions]) => conditions.require !== undefined)
    .map(([path, { require }]) => [posix.join(name, path), posix.join(folder, require.types)]);
});

/** The place of an entry point's page. */
const pathOf = (name) => `/api/${name.replace("@callwire/", "").replaceAll("/", "-")}`;

/** The pages, for the sidebar. */
export const referencePages = entries.map(([name]) => ({ title: name, path: pathOf(name) }));

const statement =
  /^(?:export )?(?:declare )?(?:abstract )?(interface|class|function|const|let|type|enum|namespace) ([\w$]+)/;

/** A file of declarations: what it declares, imports and exports, by names. */
function parse(file) {
  const declared = new Map();
  const imported = new Map();
  const exported = new Map();
  let comment = "";
  const lines = readFileSync(file, "utf8").split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    if (line.startsWith("/**")) {
      const end = lines.findIndex((each, index) => index >= at && each.includes("*/"));
      comment = lines.slice(at, end + 1).join("\n");
      at = end;
      continue;
    }
    for (const [, names, from] of line.matchAll(/^import (?:type )?\{ (.*) \} from "(.*)";$/g)) {
      for (const [name, local] of namesIn(names)) imported.set(local, { name, from });
    }
    const [list, names, from] = /^export (?:type )?\{ (.*?),? \}(?: from "(.*)")?;$/.exec(line) ?? [];
    if (list !== undefined) {
      for (const [name, outside] of namesIn(names)) {
        exported.set(outside, from === undefined ? name : outside);
        if (from !== undefined) imported.set(outside, { name, from });
      }
    }
    const [, kind, name] = statement.exec(line) ?? [];
    if (kind === undefined && list === undefined && line.startsWith("export "))
      throw new Error(`${file}:${at + 1} exports what reference.mjs does not read: ${line}`);
    if (kind !== undefined) {
      const rest = lines.findIndex(
        (each, index) =>
          index > at &&
          (/^(\/\*\*|\/\/)/.test(each) ||
            /^(export|import|declare|interface|type|class|function|const|enum|abstract)\b/.test(each)),
      );
      const code = lines
        .slice(at, rest < 0 ? undefined : rest)
        .join("\n")
        .trim();
      const before = declared.get(name);
      // Overloads are one entry.
      declared.set(name, before ? { ...before, code: `${before.code}\n${code}` } : { kind, comment, code });
      if (line.startsWith("export ")) exported.set(name, name);
      at = rest < 0 ? lines.length : rest - 1;
    }
    comment = "";
  }
  return { declared, imported, exported, folder: dirname(file) };
}

/** The pairs of a list of names: "type A, B as C". */
function namesIn(list) {
  return list.split(", ").map((each) => {
    const [name, other = name] = each.replace(/^type /, "").split(" as ");
    return [name, other];
  });
}

const parsed = new Map();
function load(file) {
  if (!parsed.has(file)) parsed.set(file, parse(file));
  return parsed.get(file);
}

/** The declaration of a name that a file exports, or the package that it comes from. */
function find(file, name) {
  const { declared, imported, exported, folder } = load(file);
  const local = exported.get(name) ?? name;
  const own = declared.get(local);
  if (own !== undefined) return own;
  const source = imported.get(local);
  if (source === undefined) throw new Error(`${file} exports ${name}, and does not declare it`);
  if (!source.from.startsWith(".")) return { kind: "reexport", ...source };
  return find(join(folder, source.from.replace(/\.cjs$/, ".d.cts")), source.name);
}

/** A doc comment as Markdown. */
function prose(comment, names) {
  const text = comment
    .replace(/^\/\*\*\s?/, "")
    .replace(/\s*\*\/$/, "")
    .replace(/^\s*\* ?/gm, "")
    .trim()
    .replace(/^@example\n((?:(?!^@|```)[^])+)/gm, "```ts\n$1\n```\n");
  const parts = text.split(/(```[^]*?```)/);
  return parts
    .map((part) => (part.startsWith("```") ? part : proseOf(part, names)))
    .join("")
    .trim();
}

function proseOf(text, names) {
  return text
    .replace(/\{@link (?:\w+\.)?(\w+)\}/g, (_all, name) =>
      names.has(name) ? `[\`${name}\`](#${name.toLowerCase()})` : `\`${name}\``,
    )
    .replace(/^@throws (?:\{(.*?)\} ?)?/gm, (_all, types) => `\n**Throws** ${types ? `\`${types}\` ` : ""}`)
    .replace(/^@param (\w+) /gm, "\n- `$1`: ")
    .replace(/^@returns /gm, "\n**Returns** ")
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;").replaceAll("{{", "{ {")))
    .join("");
}

/** A declaration without what is private. */
const shown = (code) =>
  code
    .replace(/^(?:export )?(?:declare )?/gm, (all, at) =>
      at === 0 || /^export|^declare/.test(all) ? "" : all,
    )
    .replace(/^\s+#private;\n/gm, "")
    .replace(/\{@link ([\w.]+)\}/g, "`$1`")
    // The second name of what is imported twice.
    .replace(/\b(\w+)\$\d+\b/g, "$1")
    .trim();

const groups = {
  Functions: ["function"],
  Classes: ["class"],
  "Interfaces and types": ["interface", "type", "enum", "namespace"],
  Values: ["const", "let"],
};

function pageOf(name, file) {
  const names = Array.from(load(file).exported.keys()).toSorted((a, b) => a.localeCompare(b, "en"));
  const all = names.map((each) => ({ name: each, ...find(file, each) }));
  const known = new Set(names);
  const parts = [
    `# ${name}\n\nThe exports of \`${name}\`. [Limits and defaults](/limits) has its options as tables.`,
  ];
  for (const [title, kinds] of Object.entries(groups)) {
    const some = all.filter(({ kind }) => kinds.includes(kind));
    if (some.length === 0) continue;
    parts.push(`## ${title}`);
    for (const { name, comment, code } of some) {
      parts.push(
        `### ${name}`,
        ...(comment ? [prose(comment, known)] : []),
        `\`\`\`ts\n${shown(code)}\n\`\`\``,
      );
    }
  }
  const others = grouped(all.filter(({ kind }) => kind === "reexport"));
  if (others.size > 0) {
    parts.push("## From other packages");
    for (const [from, some] of others) {
      const page = referencePages.find(({ title }) => title === from);
      const list = some.map(({ name }) =>
        page ? `[\`${name}\`](${page.path}#${name.toLowerCase()})` : `\`${name}\``,
      );
      parts.push(`Of \`${from}\`: ${list.join(", ")}.`);
    }
  }
  return `${parts.join("\n\n")}\n`;
}

/** What comes from each package. */
function grouped(all) {
  const groups = new Map();
  for (const each of all) groups.set(each.from, [...(groups.get(each.from) ?? []), each]);
  return groups;
}

/** The pages by their paths. The packages must be built. */
export async function reference(packages) {
  const pages = entries.map(async ([name, file]) => {
    const text = pageOf(name, join(packages, file));
    const { code } = await format("reference.md", text, { printWidth: 100 });
    return [pathOf(name), code];
  });
  return new Map(await Promise.all(pages));
}
