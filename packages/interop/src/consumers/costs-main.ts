// `pnpm install-costs`: what an install of our packages costs beside others. With `--write`, puts the table into
// docs/installing.md.
import { parseArgs } from "node:util";
import { publishWorkspace } from "../registry/publish.js";
import { startRegistry } from "../registry/registry.js";
import { temporaryFolder } from "../temporary-folder.js";
import { costsTable, measureProducts } from "./costs.js";
import { fillDocs } from "./docs-tables.js";

const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
await using registry = await startRegistry();
await publishWorkspace(registry);
using folder = temporaryFolder();
const table = costsTable(await measureProducts(folder.path, registry.url));
console.log(table);
if (values.write) await fillDocs("costs", table);
