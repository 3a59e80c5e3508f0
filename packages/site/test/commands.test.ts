import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import {
  allPages,
  elsewhere,
  readByTests,
  followed,
  followedFromRegistry,
  isInstall,
  root,
  shellCommands,
} from "./pages.js";

const pages = allPages();
const inFull = [...followed, ...followedFromRegistry].flat();
const others = pages.filter((page) => !inFull.includes(page));
const commands = others.flatMap(shellCommands);

test("every command of every page is run by something: name it in packages/site/test/pages.ts", () => {
  expect(inFull.filter((page) => !pages.includes(page))).toEqual([]);
  expect(commands.length).toBeGreaterThan(10);
  const isRead = (place: string) => Object.hasOwn(readByTests, place.replace(/:\d+$/, ""));
  const forgotten = commands.filter(
    ({ text, place }) => !isInstall(text) && !isRead(place) && !Object.hasOwn(elsewhere, text),
  );
  expect(forgotten.map(({ text, place }) => `${place}: ${text}`)).toEqual([]);
});

test("what is said to run a command is there, and each command is still in a page", () => {
  const written = new Set(commands.map(({ text }) => text));
  for (const command of Object.keys(elsewhere)) {
    expect({ command, isWritten: written.has(command) }).toEqual({ command, isWritten: true });
  }
  for (const [file, words] of [...Object.values(elsewhere), ...Object.values(readByTests)]) {
    expect({ file, exists: existsSync(join(root, file)) }).toEqual({ file, exists: true });
    expect(readFileSync(join(root, file), "utf8")).toContain(words);
  }
});

test("what a page installs by name is a package that exists here, or a dependency of this one or of the edge", () => {
  const dependencies = ["site", "edge"].flatMap((name) => {
    const manifest = readFileSync(join(root, "packages", name, "package.json"), "utf8");
    const { devDependencies } = JSON.parse(manifest) as { devDependencies: Record<string, string> };
    return Object.keys(devDependencies);
  });
  const ours = [...readDirs(), "gen"].map((folder) => nameIn(folder));
  const known = new Set([...dependencies, ...ours, "@bufbuild/buf"]);
  const installed = pages.flatMap(shellCommands).flatMap(({ text, place }) => {
    const [, names = ""] = /^(?:npm install|pnpm add|yarn add) (.*)$/.exec(text) ?? [];
    const words = names.split(" ").filter((word) => word !== "" && !word.startsWith("-"));
    return words.map((word) => ({ name: word.replace(/(?<=.)@[^/]*$/, ""), place }));
  });
  expect(installed.length).toBeGreaterThan(10);
  expect(installed.filter(({ name }) => !known.has(name))).toEqual([]);
});

test("every script that a page names is there", () => {
  const builtIn = new Set([
    "add",
    "ci",
    "create",
    "init",
    "install",
    "pack",
    "publish",
    "dlx",
    "exec",
    "run",
  ]);
  const named = others.flatMap((page) =>
    Array.from(
      readFileSync(join(root, page), "utf8").matchAll(/`(?:pnpm|npm run) ([a-z][\w:-]*)/g),
      ([, name = ""]) => ({ name, page }),
    ),
  );
  expect(named.length).toBeGreaterThan(20);
  const lost = named.filter(
    ({ name, page }) => !builtIn.has(name) && ![".", dirname(page)].some((folder) => hasScript(folder, name)),
  );
  // create-callwire's page is of the project that it makes.
  expect(lost.filter(({ page }) => dirname(page) !== "packages/create-callwire")).toEqual([]);
});

function hasScript(folder: string, name: string): boolean {
  const file = join(root, folder, "package.json");
  if (!existsSync(file)) return false;
  const { scripts = {} } = JSON.parse(readFileSync(file, "utf8")) as { scripts?: Record<string, string> };
  return Object.hasOwn(scripts, name);
}

function readDirs(): string[] {
  return readdirSync(join(root, "packages")).map((name) => `packages/${name}`);
}

function nameIn(folder: string): string {
  return (JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as { name: string }).name;
}
