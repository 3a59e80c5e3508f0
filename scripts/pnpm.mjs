// Runs the pnpm that package.json pins, on a machine that has only Node and npm:
// `node scripts/pnpm.mjs install` is `pnpm install`.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const { status, error } = spawnSync("npx", ["--yes", packageManager, ...process.argv.slice(2)], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
if (error) throw error;
process.exit(status ?? 1);
