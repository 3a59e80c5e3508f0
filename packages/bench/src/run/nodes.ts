import { installProgram } from "@callwire/testkit";

/** The version of Node.js that runs the bench. */
export const ownNode = process.versions.node;

/** The version that is meant by a major one. */
const versions: Record<string, string> = { 20: "20.20.2", 22: "22.23.3", 24: "24.21.0", 26: "26.10.0" };

/** A whole version of Node.js, of a whole or a major one. Throws if there is none. */
export function nodeVersion(name: string): string {
  if (name === ownNode || name === majorOf(ownNode)) return ownNode;
  const version = name.includes(".") ? name : versions[name];
  if (version === undefined) {
    throw new Error(`no such Node.js: ${name}; there is ${Object.keys(versions).join(", ")}`);
  }
  return version;
}

/** The path of a version's program, which is installed from the npm registry unless it is the one that runs the bench. */
export function nodeProgram(version: string): string {
  return version === ownNode ? process.execPath : installProgram({ name: "node", version });
}

export function majorOf(version: string): string {
  return version.slice(0, version.indexOf("."));
}
