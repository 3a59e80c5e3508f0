import { fileURLToPath } from "node:url";
import { runWell } from "../run.js";
import type { Registry } from "./registry.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

/**
 * Publishes all public packages of this workspace, as they are built now. For tests, which run after a build: a release, and
 * {@link rehearse}, build from a clean clone.
 */
export async function publishWorkspace({ env }: Registry): Promise<void> {
  await runWell("pnpm", ["--recursive", "publish", "--no-git-checks", "--ignore-scripts"], {
    cwd: root,
    env,
  });
}
