// Makes the site's sources out of the Markdown of the repository, which stays readable where it is: each page under its path
// in the site, links between pages and to other files changed to match, and llms.txt beside them.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { sections, sitePath } from "./nav.mjs";
import { reference, referencePages } from "./reference.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const pagesFolder = fileURLToPath(new URL("pages", import.meta.url));

/** The sections with those of their pages that are there. */
export const presentSections = sections.map(({ text, pages }) => ({
  text,
  pages: pages
    .filter(([, file]) => existsSync(join(root, file)))
    .map(([title, file]) => ({ title, file, path: sitePath(file) })),
}));
const pages = presentSections.flatMap((section) => section.pages);
const pathOf = new Map(pages.map(({ file, path }) => [file, path]));

/** The address of the repository's files, if package.json names a repository. */
const repository = (() => {
  const { repository: declared } = JSON.parse(
    readFileSync(join(root, "packages/server-kit/package.json"), "utf8"),
  );
  const url = typeof declared === "string" ? declared : declared?.url;
  return url?.replace(/^git\+/, "").replace(/\.git$/, "");
})();

/** Throws if a page of docs/ is missing in the navigation. */
export function checkNav() {
  const files = readdirSync(join(root, "docs"), { recursive: true }).map((name) => posix.join("docs", name));
  const lost = files.filter((file) => file.endsWith(".md") && !pathOf.has(file));
  if (lost.length > 0) throw new Error(`add to packages/site/nav.mjs: ${lost.join(", ")}`);
}

/** Changes the text outside of blocks of code. */
function outsideCode(text, change) {
  return text
    .split(/(^```.*?^```$)/ms)
    .map((part) => (part.startsWith("```") ? part : change(part)))
    .join("");
}

/** The place that a link of a file leads to on the site; undefined if there is none. */
function placeOf(file, target) {
  if (target.startsWith("#")) return target;
  const [path, hash = ""] = target.split(/(?=#)/);
  const inRepository = ["blob", "tree"].find((kind) => path.startsWith(`${repository}/${kind}/main/`));
  if (inRepository === undefined && /^https?:/.test(path)) return target;
  const linked =
    inRepository === undefined
      ? posix.normalize(posix.join(posix.dirname(file), path))
      : path.slice(`${repository}/${inRepository}/main/`.length);
  // A folder's page is its README, which the repository's browser shows below its files.
  const own = pathOf.get(linked) ?? pathOf.get(`${linked}/README.md`);
  if (own !== undefined) return `${own}${hash === "#readme" ? "" : hash}`;
  if (linked.startsWith("docs/images/")) return linked.replace("docs/", "/");
  if (linked === "README.md") return "/";
  return repository === undefined ? undefined : `${repository}/blob/main/${linked}${hash}`;
}

/** A page as the site has it. */
export function pageOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const page = outsideCode(text, (prose) =>
    prose
      .replace(/(!?)\[((?:[^\]]|\][^(])*?)\]\(([^)\s]+)\)/g, (_all, image, label, target) => {
        const place = placeOf(file, target);
        return place === undefined ? label : `${image}[${label}](${place})`;
      })
      // A picture that follows the system's theme, as the repository's browser shows it, follows the site's here.
      .replace(
        /<picture>\s*<source[^>]* srcset="([^"]+)"[^>]*>\s*<img ([^>]*)src="([^"]+)"([^>]*)>\s*<\/picture>/g,
        (_all, dark, before, light, after) => {
          const image = (name, src) =>
            `<img class="${name}" ${before}src="${placeOf(file, src)}"${after.replace(/\s*\/$/, "")}>`;
          return `<p class="picture">${image("light-only", light)}${image("dark-only", dark)}</p>`;
        },
      ),
  );
  // What stands below each other in the repository's browser stands side by side here.
  return page.replace(
    /^Before:\n\n(```.*?^```)\n\nAfter:\n\n(```.*?^```)$/gms,
    (_all, before, after) =>
      `<div class="sides">\n<div>\n\nBefore:\n\n${before}\n\n</div>\n<div>\n\nAfter:\n\n${after}\n\n</div>\n</div>`,
  );
}

/** The first paragraph of a page, on one line. */
function summaryOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const paragraph = text.split(/\n\n+/).find((part) => !/^(#|```|[|<>-])/.test(part)) ?? "";
  return paragraph
    .replaceAll("\n", " ")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim();
}

/** The list of the pages for language models (llmstxt.org). */
export function llmsText() {
  const [overview] = pages;
  const list = presentSections.map(({ text, pages }) => {
    const lines = pages.map(({ title, file, path }) => {
      const name = path === "/" ? "/index.md" : `${path}.md`;
      return `- [${title}](${name}): ${summaryOf(file)}`;
    });
    return `## ${text}\n\n${lines.join("\n")}\n`;
  });
  const api = referencePages.map(({ title, path }) => `- [${title}](${path}.md)`).join("\n");
  return `# Callwire\n\n> ${summaryOf(overview.file)}\n\n${list.join("\n")}\n## API\n\n${api}\n`;
}

function write(name, text) {
  const path = join(pagesFolder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Writes a page; it is in the public folder too, as it is, for programs that read text. */
function writePage(path, text) {
  const name = path === "/" ? "index.md" : `${path.slice(1)}.md`;
  write(name, text);
  write(`public/${name}`, text);
}

/** Writes the page of a file that has changed; true if it has one. */
export function regather(changed) {
  const page = pages.find(({ file }) => join(root, file) === changed);
  if (page !== undefined) writePage(page.path, pageOf(page.file));
  return page !== undefined;
}

/** Writes all pages anew. The packages must be built. */
export async function gather() {
  checkNav();
  rmSync(pagesFolder, { recursive: true, force: true });
  for (const { file, path } of pages) writePage(path, pageOf(file));
  for (const [path, text] of await reference(join(root, "packages"))) writePage(path, text);
  write("public/llms.txt", llmsText());
  write("public/llms-full.txt", pages.map(({ file }) => pageOf(file)).join("\n\n"));
  cpSync(fileURLToPath(new URL("static", import.meta.url)), join(pagesFolder, "public"), { recursive: true });
  cpSync(join(root, "docs/images"), join(pagesFolder, "public/images"), { recursive: true });
}
