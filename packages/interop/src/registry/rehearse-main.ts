// `pnpm release:rehearse`: releases the last commit to a registry of its own on loopback, and installs from it. With
// `--serve`, the registry goes on until a signal, for you to install from.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runWell } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { startRegistry, type Registry } from "./registry.js";
import { rehearse } from "./rehearse.js";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** Installs packages in an empty folder, by npm alone, and imports and requires the first of them. */
async function install(registry: Registry, names: readonly string[], folder: string): Promise<void> {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "stranger", private: true }));
  const options = { cwd: folder, env: registry.env };
  await runWell("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...names], options);
  for (const program of ["import('@callwire/client-sdk')", "require('@callwire/client-sdk')"]) {
    await runWell(process.execPath, ["--eval", program], options);
  }
}

const { values } = parseArgs({ options: { serve: { type: "boolean", default: false } } });
const changed = await runWell("git", ["status", "--porcelain"], { cwd: repository });
if (changed !== "") console.log("the last commit is released: what is not committed is not in it");

await using registry = await startRegistry();
using folder = temporaryFolder();
const report = (step: string) => console.log(`· ${step}`);
const packages = await rehearse({ repository, folder: folder.path, registry, report });
for (const { name, version } of packages) console.log(`${name}@${version}`);
using stranger = temporaryFolder();
report("npm install, import and require in an empty folder");
await install(
  registry,
  packages.map(({ name }) => name),
  stranger.path,
);
if (values.serve) {
  console.log(`npm install --registry ${registry.url} @callwire/client-sdk`);
  await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
}
console.log("rehearsed: every public package was published and installed");
