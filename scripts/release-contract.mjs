// Keeps the contract as it is released, for `buf breaking` to compare later ones with: a copy of `proto`, the version that it is
// published with, and the versions of its contracts. The version command runs it, after the packages have their new version: `pnpm release:contract`.
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { checkContractVersions, compareWithRelease, contractsOf, RELEASED } from "./check-contract.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, RELEASED);

// A break that is copied is one that nobody sees any more.
try {
  if (existsSync(folder)) {
    compareWithRelease(root);
    checkContractVersions(root);
  }
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
rmSync(folder, { recursive: true, force: true });
cpSync(join(root, "proto"), folder, {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || path.endsWith(".proto"),
});
const { version } = JSON.parse(readFileSync(join(root, "gen/package.json"), "utf8"));
writeFileSync(
  join(folder, "release.json"),
  `${JSON.stringify({ version, contracts: contractsOf(root) }, null, 2)}\n`,
);
console.log(`${RELEASED}: the contract of ${version}`);
