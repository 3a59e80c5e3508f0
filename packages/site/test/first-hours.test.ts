import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { followAll } from "./follow.js";
import { followed, root } from "./pages.js";

const site = fileURLToPath(new URL("..", import.meta.url));

/** Puts the workspace's own packages where `npm install` would have put those of a registry. */
function installByLinks(command: string, project: string): boolean {
  if (command === "npm ci") return true;
  if (!command.startsWith("npm install ")) return false;
  const link = (name: string) => {
    const path = join(project, "node_modules", name);
    const target = [site, root].map((from) => join(from, "node_modules", name)).find(existsSync);
    if (target === undefined) throw new Error(`${name} is no dependency of packages/site`);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) symlinkSync(target, path);
  };
  const [, , ...words] = command.split(" ");
  for (const word of words) if (!word.startsWith("-")) link(word);
  for (const program of ["buf", "protoc-gen-callwire", "tsc"]) link(`.bin/${program}`);
  return true;
}

/** An `npx` that starts what is there, and saves the time of npm's own. */
const programs = mkdtempSync(join(tmpdir(), "callwire-npx-"));
writeFileSync(join(programs, "npx"), '#!/bin/sh\nPATH="$PWD/node_modules/.bin:$PATH" exec "$@"\n', {
  mode: 0o755,
});
afterAll(() => rmSync(programs, { recursive: true }));
const settings = { PATH: `${programs}:${process.env["PATH"]}`, npm_config_update_notifier: "false" };

test.each(followed.map((pages) => [pages.join(", then "), pages] as const))(
  "%s works as written",
  async (_name, pages) => {
    await expect(followAll(pages, { instead: installByLinks, settings })).resolves.toBeUndefined();
  },
  120_000,
);
