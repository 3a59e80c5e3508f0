// Holds that every block of TypeScript and protobuf in the documentation stands, to the letter but for its indentation,
// in a file that is compiled, that every block of a proxy's configuration stands in a file that a test runs, and that links
// between files lead somewhere.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const skipped = new Set(["node_modules", "dist", ".git", ".turbo"]);

/** The lines without their indentation. */
const flush = (text) => text.replace(/^[ \t]+/gm, "");

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

export function checkDocs() {
  const files = Array.from(filesBelow("."));
  const sources = files
    .filter((path) => /\.(ts|proto)$/.test(path) || path.startsWith("packages/interop/proxies/"))
    .map((path) => flush(readFileSync(path, "utf8")));
  const problems = [];
  // An API report is generated, and checked by itself.
  for (const path of files.filter((path) => path.endsWith(".md") && !path.endsWith(".api.md"))) {
    const text = readFileSync(path, "utf8");
    for (const [, code] of text.matchAll(/^```(?:ts|proto|nginx|haproxy|caddy|ini|apache)\n(.*?)^```$/gms)) {
      if (!sources.some((source) => source.includes(flush(code)))) {
        problems.push(`${path}: this block is in no source file:\n${code}`);
      }
    }
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      if (!existsSync(join(dirname(path), target))) problems.push(`${path}: ${target} does not exist`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}
