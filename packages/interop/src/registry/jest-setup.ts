import { URL_OF_THIS_RUN } from "./project.js";
import { publishWorkspace } from "./publish.js";
import { startRegistry, type Registry } from "./registry.js";

let registry: Registry | undefined;

/** Jest's `globalSetup`: one registry for all tests of a run, with this workspace's packages. */
export async function setup(): Promise<void> {
  registry = await startRegistry();
  await publishWorkspace(registry);
  process.env[URL_OF_THIS_RUN] = registry.url;
}

/** Jest's `globalTeardown`. */
export async function teardown(): Promise<void> {
  delete process.env[URL_OF_THIS_RUN];
  await registry?.stop();
}
