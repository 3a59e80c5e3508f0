import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { withoutScope, type Target } from "./package-name.js";
import type { TemplateName } from "./templates.js";
import { UsageError } from "./usage-error.js";

/** The name that stands in the templates' files for the project's. */
const PLACEHOLDER = "callwire-template";
/**
 * npm leaves out a `.gitignore` when it packs, and a package.json in a package would count as one of its own: they have other names
 * here.
 */
const RENAMED: Readonly<Record<string, string>> = {
  _gitignore: ".gitignore",
  "_package.json": "package.json",
};
/** What an empty folder may have in it: a new repository, with its licence, and what editors and systems put everywhere. */
const ALLOWED = new Set([
  ".git",
  ".hg",
  "LICENSE",
  "LICENSE.md",
  "LICENSE.txt",
  ".idea",
  ".vscode",
  ".DS_Store",
  "Thumbs.db",
]);

const packageFolder = fileURLToPath(new URL("..", import.meta.url));

/** The version of this package, and of all packages of Callwire. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/**
 * Makes a project of a template: all of its files, or, if one cannot be written, none.
 *
 * @throws {UsageError} if the folder has something in it, or is none.
 */
export function createProject({ folder, packageName }: Target, template: TemplateName): void {
  checkFolder(folder);
  const source = join(packageFolder, "template", template);
  const files = filesBelow(source).map((path) => {
    const place = relative(source, path);
    const text = readFileSync(path, "utf8").replaceAll(PLACEHOLDER, withoutScope(packageName));
    const name = RENAMED[place] ?? place;
    return { path: join(folder, name), text: name === "package.json" ? manifestOf(text, packageName) : text };
  });
  const made: string[] = [];
  try {
    for (const { path, text } of files) {
      makeFolder(dirname(path), made);
      made.push(path);
      writeFileSync(path, text, { flag: "wx" });
    }
  } catch (error) {
    for (const path of made.toReversed()) rmSync(path, { recursive: true, force: true });
    throw new Error(`${folder} cannot be made: ${(error as Error).message}; nothing of it was left`, {
      cause: error,
    });
  }
}

/**
 * Makes a folder with those above it, and adds the ones that were not there to `made`. Node.js's own recursive one never returns where
 * the system says that a folder is not there which is, as it does below `/proc`.
 */
function makeFolder(folder: string, made: string[]): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder), made);
  mkdirSync(folder);
  made.push(folder);
}

/** @throws {UsageError} if there is something at the path that a project must not be written over. */
function checkFolder(folder: string): void {
  let found: string[];
  try {
    if (!statSync(folder).isDirectory()) throw new UsageError(`${folder} is there already, and is no folder`);
    found = readdirSync(folder).filter((name) => !ALLOWED.has(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return;
      throw new UsageError(`${folder} is a link to what is not there`);
    }
    if (code === "ENOTDIR")
      throw new UsageError(`${dirname(folder)} is no folder, and cannot have one in it`);
    throw error;
  }
  if (found.length === 0) return;
  const shown = found.slice(0, 3).join(", ") + (found.length > 3 ? ", …" : "");
  throw new UsageError(`${folder} is not empty (${shown}): give the name of a folder that is not there yet`);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === "node_modules" || entry.name === "dist" ? [] : filesBelow(path);
    return [path];
  });
}

/** The project's package.json: its name, and the packages of Callwire in this package's version. */
function manifestOf(text: string, packageName: string): string {
  const manifest = JSON.parse(text) as Record<string, unknown>;
  const range = `^${ownVersion()}`;
  for (const kind of ["dependencies", "devDependencies", "peerDependencies"]) {
    const ranges = manifest[kind] as Record<string, string> | undefined;
    for (const name of Object.keys(ranges ?? {})) if (name.startsWith("@callwire/")) ranges![name] = range;
  }
  return `${JSON.stringify({ ...manifest, name: packageName }, null, 2)}\n`;
}
