import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { packedFiles } from "./packed-files.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

// `pnpm release:rehearse` compares what they build and pack in a clean clone.
test("npm packs what pnpm packs", async () => {
  const folder = join(root, "packages/client-sdk");
  const byNpm = await packedFiles(folder, "npm", { scripts: false });
  expect(Object.keys(byNpm)).toEqual(
    expect.arrayContaining(
      ["README.md", "LICENSE", "package.json", "dist/index.js"].map((file) => `package/${file}`),
    ),
  );
  expect(await packedFiles(folder, "pnpm", { scripts: false })).toEqual(byNpm);
}, 60_000);

test("the contract's files are in @callwire/contracts", async () => {
  const names = Object.keys(await packedFiles(join(root, "gen"), "pnpm", { scripts: false }));
  const files = readdirSync(join(root, "proto"), { recursive: true, encoding: "utf8" });
  const contracts = files.filter((file) => file.endsWith(".proto"));
  expect(contracts.length).toBeGreaterThan(0);
  expect(names).toEqual(expect.arrayContaining(contracts.map((file) => `package/proto/${file}`)));
}, 60_000);
