// Keeps the contract as it is released, for `buf breaking` to compare later ones with: a copy of `proto`, and the version that it is
// published with. The version command runs it, after the packages have their new version: `pnpm release:contract`.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compareWithRelease, RELEASED } from "./check-contract.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, RELEASED);

// A break that is copied is one that nobody sees any more.
try {
  if (existsSync(folder)) compareWithRelease(root);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
rmSync(folder, { recursive: true, force: true });
cpSync(join(root, "proto"), folder, { recursive: true });
const { version } = JSON.parse(readFileSync(join(root, "gen/package.json"), "utf8"));
writeFileSync(join(folder, "release.json"), `${JSON.stringify({ version }, null, 2)}\n`);
console.log(`${RELEASED}: the contract of ${version}`);
