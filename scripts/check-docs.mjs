// Holds that every block of TypeScript and protobuf in the documentation stands, to the letter but for its indentation,
// in a file that is compiled, that every block of a proxy's configuration stands in a file that a test runs, that links
// between files lead to a file and a heading of it, and that what is made from the code is up to date.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { architecturePictures } from "./architecture-picture.mjs";
import { limitsPage, LIMITS_PAGE } from "./limits-page.mjs";

const skipped = new Set(["node_modules", "dist", ".git", ".turbo"]);
/** What the site is made from is a copy of the pages. */
const copies = join("packages", "site", "pages");

/** The lines without their indentation. */
const flush = (text) => text.replace(/^[ \t]+/gm, "");

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (skipped.has(entry.name) || path === copies) continue;
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

/** The names by which links lead to the headings of a page, as the repository's browser makes them. */
function anchorsOf(text) {
  const prose = text.replace(/^```.*?^```$/gms, "");
  const names = Array.from(prose.matchAll(/^#{1,6} (.*)$/gm), ([, heading]) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
  return new Set(names);
}

/** The repository's own address: pages that a registry shows lead back here by it. */
const repository = /^https:\/\/github\.com\/callwire\/callwire\/(?:blob|tree)\/main\//;

/** The targets of the links and pictures of a page. */
function* targetsOf(text) {
  const prose = text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "`code`");
  for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (repository.test(target) || !/^https?:/.test(target)) yield target;
  }
  for (const [, target] of prose.matchAll(/ (?:src|srcset)="(?!https?:)([^"]+)"/g)) yield target;
}

export function checkDocs() {
  const files = Array.from(filesBelow("."));
  const sources = files
    .filter((path) => /\.(ts|proto)$/.test(path) || path.startsWith("packages/interop/proxies/"))
    .map((path) => flush(readFileSync(path, "utf8")));
  // An API report is generated, and checked by itself.
  const written = files.filter((path) => path.endsWith(".md") && !path.endsWith(".api.md"));
  const pages = new Map(written.map((path) => [path, readFileSync(path, "utf8")]));
  const problems = [];
  for (const [path, text] of pages) {
    for (const [, code] of text.matchAll(/^```(?:ts|proto|nginx|haproxy|caddy|ini|apache)\n(.*?)^```$/gms)) {
      if (!sources.some((source) => source.includes(flush(code)))) {
        problems.push(`${path}: this block is in no source file:\n${code}`);
      }
    }
    for (const target of targetsOf(text)) {
      const [file, anchor] = target.split("#");
      const linked =
        file === ""
          ? path
          : repository.test(file)
            ? file.replace(repository, "")
            : normalize(join(dirname(path), file));
      if (!existsSync(linked)) problems.push(`${path}: ${target} does not exist`);
      else if (anchor !== undefined && pages.has(linked) && !anchorsOf(pages.get(linked)).has(anchor)) {
        problems.push(`${path}: ${linked} has no heading #${anchor}`);
      }
    }
  }
  if (pages.get(LIMITS_PAGE) !== limitsPage()) {
    problems.push(`${LIMITS_PAGE} is not what the code says: run 'pnpm docs:limits', and commit it`);
  }
  for (const [path, svg] of architecturePictures()) {
    if (!existsSync(path) || readFileSync(path, "utf8") !== svg) {
      problems.push(
        `${path} is not what scripts/architecture-picture.mjs draws: run it, and commit the picture`,
      );
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}
