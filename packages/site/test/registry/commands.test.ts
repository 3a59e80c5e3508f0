import { describe, expect, test } from "@jest/globals";
import { followAll } from "../follow.js";
import { allPages, creationOf, followed, followedFromRegistry, isInstall, shellCommands } from "../pages.js";
import { runAlone } from "./run-alone.js";

const inFull = [...followed, ...followedFromRegistry];

/** The other pages: what they install is installed. */
const installing = allPages()
  .filter((page) => !inFull.flat().includes(page))
  .map((page) => [page, shellCommands(page).filter(({ text }) => isInstall(text))] as const)
  .filter(([, commands]) => commands.length > 0);

// Twice in a row, since a command that leaves something behind may fail the second time.
describe.each([1, 2])("from the registry, time %d", () => {
  test.each(inFull.map((pages) => [pages.join(", then "), pages] as const))(
    "%s works as written",
    async (_name, pages) => {
      await expect(followAll(pages, { settings: registry(), before: creationOf })).resolves.toBeUndefined();
    },
  );

  test.each(installing)("%s installs what it says", async (_page, commands) => {
    await expect(runAlone(commands, registry())).resolves.toBeUndefined();
  });
});

/** The settings by which npm, pnpm and yarn install from the registry of this run. */
function registry(): NodeJS.ProcessEnv {
  const url = process.env["REHEARSAL_REGISTRY"];
  if (url === undefined) throw new Error("REHEARSAL_REGISTRY must be the registry's address");
  return { npm_config_registry: url, YARN_REGISTRY: url, npm_config_yes: "true" };
}
