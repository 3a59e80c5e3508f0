// The quick ones of what `pnpm consumers` tries.
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { installProject, manifestIn } from "../registry/project.js";
import { runWell } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { consumers } from "./consumers.js";
import { INSTALLING } from "./docs-tables.js";
import { tryConsumers } from "./try-consumers.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const quick = consumers.filter(({ isQuick }) => isQuick);

test.each(Array.from(new Set(quick.map(({ folder }) => folder))))(
  "a stranger's project serves and calls: %s",
  async (name) => {
    using space = temporaryFolder();
    const ofFolder = quick.filter(({ folder }) => folder === name);
    for await (const { consumer, problem } of tryConsumers(ofFolder, space.path))
      expect({ consumer: consumer.name, problem }).toMatchObject({ problem: undefined });
  },
  60_000,
);

// With the Jest of this workspace: it alone takes longer to install than all of these.
test("a test of a stranger's project serves and calls, in Jest's default configuration", async () => {
  using project = temporaryFolder();
  cpSync(join(root, "packages/interop/consumers/jest-default"), project.path, { recursive: true });
  const { devDependencies: _, ...manifest } = manifestIn(project.path);
  await installProject(project.path, manifest);
  const jest = join(root, "node_modules/jest/bin/jest.js");
  await runWell(process.execPath, [jest, "--rootDir", project.path], { cwd: project.path });
}, 60_000);

test("the docs have all that is tried: `pnpm consumers --write` puts it there", () => {
  const cells = readFileSync(INSTALLING, "utf8")
    .split("\n")
    .map((line) => line.split("|")[1]?.trim());
  for (const { name } of consumers) expect(cells).toContain(name);
});
