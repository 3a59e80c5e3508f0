// `pnpm consumers`: tries every consumer against a registry of its own, and prints a table. `--only <text>` tries those whose
// name has the text, and may be given more than once; `--write` puts the table into docs/installing.md, which takes all of them.
import { parseArgs } from "node:util";
import { publishWorkspace } from "../registry/publish.js";
import { startRegistry } from "../registry/registry.js";
import { temporaryFolder } from "../temporary-folder.js";
import { consumers } from "./consumers.js";
import { consumersTable, fillDocs } from "./docs-tables.js";
import { tryConsumers, type Trial } from "./try-consumers.js";

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [""] },
    write: { type: "boolean", default: false },
  },
});
if (values.write && !values.only.includes("")) throw new Error("--write takes all consumers, so no --only");

await using registry = await startRegistry();
await publishWorkspace(registry);
using folder = temporaryFolder();
const trials: Trial[] = [];
const wanted = consumers.filter(({ name }) => values.only.some((text) => name.includes(text)));
for await (const trial of tryConsumers(wanted, folder.path, registry.url)) {
  trials.push(trial);
  console.error(`${trial.problem === undefined ? "✓" : "✗"} ${trial.consumer.name}`);
  if (trial.problem !== undefined) console.error(trial.problem);
}
const table = consumersTable(trials);
console.log(table);
const failed = trials.filter(({ problem }) => problem !== undefined).length;
if (values.write) {
  if (failed > 0) throw new Error(`${failed} failed: docs/installing.md stays as it was`);
  await fillDocs("consumers", table);
}
process.exitCode = failed === 0 ? 0 : 1;
