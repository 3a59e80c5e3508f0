import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { follow, Running } from "./follow.js";

const site = fileURLToPath(new URL("..", import.meta.url));
const root = join(site, "../..");
const folder = mkdtempSync(join(tmpdir(), "callwire-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

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

const identity = { GIT_AUTHOR_NAME: "Reader", GIT_AUTHOR_EMAIL: "reader@example.com" };
const env = {
  ADDRESS: "127.0.0.1:0",
  ...identity,
  GIT_COMMITTER_NAME: identity.GIT_AUTHOR_NAME,
  GIT_COMMITTER_EMAIL: identity.GIT_AUTHOR_EMAIL,
};

test.each([
  [
    "a team serves a contract, and an application calls it",
    ["first-hour-serving.md", "first-hour-calling.md"],
  ],
  ["a CI refuses what breaks callers", ["first-hour-ci.md"]],
])(
  "%s, as the pages say",
  async (_name, pages) => {
    await using running = new Running();
    const shared = { ...env };
    for (const page of pages) {
      const begin = join(folder, page);
      mkdirSync(begin);
      const path = join(root, "docs", page);
      await expect(
        follow(path, running, { folder: begin, env: shared, instead: installByLinks }),
      ).resolves.toBeUndefined();
    }
  },
  120_000,
);
