import { basename, relative, resolve, sep } from "node:path";
import { UsageError } from "./usage-error.js";

/** The most characters of a package's name, with its scope (npm, "package.json"). */
const MAX_LENGTH = 214;
const PART = /^[a-z0-9][a-z0-9._-]*$/;
/** Names that npm refuses. */
const RESERVED = new Set(["node_modules", "favicon.ico"]);

/** Where a project goes, and the name of its package. */
export interface Target {
  folder: string;
  packageName: string;
}

/**
 * Pure: reads the argument: a folder, whose last part is the package's name, or a name with its scope, `@acme/orders`, which goes into
 * the folder `orders`.
 *
 * @throws {UsageError} if no package can have the name, or be in that place.
 */
export function targetOf(argument: string, workingFolder: string): Target {
  const scoped = /^(@[^/]+)\/([^/]+)$/.exec(argument);
  const folder = resolve(workingFolder, scoped?.[2] ?? argument);
  const places = [basename(workingFolder), ...relative(workingFolder, folder).split(sep)];
  if (places.slice(0, -1).includes("node_modules"))
    throw new UsageError(`${folder} is in node_modules, where npm removes what it does not know`);
  const packageName = argument.startsWith("@") ? argument : basename(folder);
  const problem = nameProblem(packageName);
  if (problem === undefined) return { folder, packageName };
  throw new UsageError(`'${packageName}' cannot be a package's name: ${problem}`);
}

/** Pure: the name without its scope. */
export function withoutScope(packageName: string): string {
  return packageName.slice(packageName.indexOf("/") + 1);
}

/** Pure: why no package can have a name; undefined if one can. */
export function nameProblem(name: string): string | undefined {
  const parts = name.startsWith("@") ? name.slice(1).split("/") : [name];
  if (name.startsWith("@") && parts.length !== 2) return "a scope has a name behind it, as in '@acme/orders'";
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (RESERVED.has(name)) return "npm keeps it for itself";
  if (parts.every((part) => PART.test(part))) return undefined;
  const suggestion = suggestionFor(name);
  const hint = suggestion === "" ? "" : `, as in '${suggestion}'`;
  return `it may have small letters, digits, dashes, dots and underscores, and begins with a letter or a digit${hint}`;
}

/** Pure: a name that is like one that cannot be; "" if there is none. */
function suggestionFor(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "")
    .slice(0, MAX_LENGTH);
}
