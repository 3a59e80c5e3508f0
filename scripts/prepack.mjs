// `prepack` of a published package: builds it, and the packages that it needs, so that `npm pack` and `pnpm pack` of a clean
// clone give the same. Installs what building needs, if nothing is installed. Its lines go to standard error: standard output
// belongs to the program that packs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const { name } = JSON.parse(readFileSync("package.json", "utf8"));

function pnpm(...args) {
  const script = join(root, "scripts/pnpm.mjs");
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(root, "node_modules"))) pnpm("install", "--frozen-lockfile", "--prefer-offline");
pnpm("exec", "turbo", "run", "build", `--filter=${name}`, "--output-logs=errors-only");
