import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { docPlots } from "./doc-plots.js";

/** Draws the pictures of docs/measurements.md from its tables, into `docs/images`. */
export function drawPlots(docs: string): void {
  const folder = join(docs, "images");
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of docPlots(readFileSync(join(docs, "measurements.md"), "utf8"))) {
    writeFileSync(join(folder, name), svg);
  }
}
