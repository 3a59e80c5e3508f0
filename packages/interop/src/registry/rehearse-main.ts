// `pnpm release:rehearse`: releases the last commit to a registry of its own on loopback, and installs from it. With
// `--serve`, the registry goes on until a signal, for you to install from. `--sbom <file>` writes the bill of materials.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runWell } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { installRelease } from "./install-release.js";
import { startRegistry } from "./registry.js";
import { rehearse } from "./rehearse.js";

const repository = fileURLToPath(new URL("../../../..", import.meta.url));

const { values } = parseArgs({
  options: { serve: { type: "boolean", default: false }, sbom: { type: "string" } },
});
const changed = await runWell("git", ["status", "--porcelain"], { cwd: repository });
if (changed !== "") console.log("the last commit is released: what is not committed is not in it");

await using registry = await startRegistry();
using folder = temporaryFolder();
const report = (step: string) => console.log(`· ${step}`);
const packages = await rehearse({ repository, folder: folder.path, registry, report });
for (const { name, version } of packages) console.log(`${name}@${version}`);
using stranger = temporaryFolder();
report("npm install, import, require and npm sbom in an empty folder");
const bill = await installRelease(registry, packages, stranger.path);
if (values.sbom !== undefined) writeFileSync(resolve(process.env["INIT_CWD"] ?? ".", values.sbom), bill);
if (values.serve) {
  console.log(`npm install --registry ${registry.url} @callwire/client-sdk`);
  await Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
}
console.log("rehearsed: every public package was published and installed");
