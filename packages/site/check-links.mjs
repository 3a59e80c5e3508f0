// Holds that each link of the built site leads to a page of it and to a heading that is there, and that no page loads anything
// from another place: it must work without a network.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("dist", import.meta.url));

/** The file of a place of the site; undefined if there is none. */
function fileOf(pathname) {
  const path = join(dist, decodeURIComponent(pathname));
  return [path, `${path}.html`, join(path, "index.html")].find(
    (each) => /\.\w+$/.test(each) && existsSync(each),
  );
}

const pages = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".html"),
);
const texts = new Map(pages.map((name) => [join(dist, name), readFileSync(join(dist, name), "utf8")]));
const anchors = new Map(
  Array.from(texts, ([file, text]) => [
    file,
    new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id)),
  ]),
);

const problems = new Set();
let links = 0;
for (const name of pages) {
  const text = texts.get(join(dist, name));
  const base = new URL(name.replace(/(?:index)?\.html$/, ""), "http://site/");
  for (const [, tag, attributes] of text.matchAll(/<(a|img|script|link)\b([^>]*)>/g)) {
    const [, target] = / (?:href|src)="([^"]*)"/.exec(attributes) ?? [];
    if (target === undefined || target.startsWith("data:")) continue;
    const url = new URL(target.replaceAll("&amp;", "&"), base);
    if (url.origin !== base.origin) {
      if (tag !== "a") problems.add(`${name} loads ${target}`);
      continue;
    }
    links++;
    const file = fileOf(url.pathname);
    if (file === undefined) problems.add(`${name}: ${target} is not there`);
    else if (url.hash !== "" && anchors.get(file)?.has(decodeURIComponent(url.hash.slice(1))) === false) {
      problems.add(`${name}: ${target} has no such heading`);
    }
  }
}
const llms = readFileSync(join(dist, "llms.txt"), "utf8");
for (const [, title] of llms.matchAll(/^- \[(.*?)\]\(.*?\): ?(?:```.*)?$/gm))
  problems.add(`llms.txt: the page ${title} does not begin with a paragraph`);
for (const [, target] of llms.matchAll(/\]\((\/[^)]*)\)/g)) {
  links++;
  if (fileOf(target) === undefined) problems.add(`llms.txt: ${target} is not there`);
}
if (links < 1000) problems.add(`only ${links} links were found`);
if (problems.size > 0) {
  console.error([...problems].join("\n"));
  process.exit(1);
}
