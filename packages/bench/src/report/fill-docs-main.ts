// `pnpm --filter @callwire/bench run measurements [results.json …]`: puts the tables of one run or more into
// docs/measurements.md, and draws its pictures; of work that several have, the last one's. Default: results/results.json.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { docTables } from "./doc-tables.js";
import { drawPlots } from "./draw-plots.js";
import { fillTables } from "./fill-docs.js";
import type { Report } from "./results.js";

const packageFolder = join(import.meta.dirname, "../..");
const docs = join(packageFolder, "../../docs/measurements.md");
const given = process.argv.slice(2).filter((argument) => argument !== "--");
const files = given.length > 0 ? given : [join(packageFolder, "results/results.json")];
const reports = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Report);
writeFileSync(docs, fillTables(readFileSync(docs, "utf8"), docTables(reports)));
drawPlots(dirname(docs));
