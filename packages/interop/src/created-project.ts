import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installProject, manifestIn } from "./registry/project.js";
import { runWell, start, type Running } from "./run.js";

const program = fileURLToPath(
  new URL("bin/create-callwire.js", import.meta.resolve("create-callwire/package.json")),
);

/** A project that create-callwire has made. */
export interface CreatedProject {
  readonly path: string;
  /** Runs a script of it by npm to its end; throws unless that is well. Resolves to its standard output. */
  npm(script: string, options?: { env?: NodeJS.ProcessEnv; args?: readonly string[] }): Promise<string>;
  /** Starts it by `npm start`. */
  start(env: NodeJS.ProcessEnv): Running;
  /** Replaces a text of a file, which must be there once. */
  edit(file: string, before: string, after: string): void;
}

/** Makes a project in a folder, and installs what it needs. */
export async function createProject(folder: string, name: string, template: string): Promise<CreatedProject> {
  await runWell(process.execPath, [program, name, "--template", template], { cwd: folder });
  const path = join(folder, name);
  await installProject(path, manifestIn(path));
  return {
    path,
    npm: (script, { env, args = [] } = {}) =>
      runWell("npm", ["run", "--silent", script, "--", ...args], { cwd: path, ...(env && { env }) }),
    start: (env) => start("npm", ["start"], { cwd: path, env, withChildren: true }),
    edit(file, before, after) {
      const text = readFileSync(join(path, file), "utf8");
      if (text.split(before).length !== 2) throw new Error(`${file} must have this once: ${before}`);
      writeFileSync(
        join(path, file),
        text.replace(before, () => after),
      );
    },
  };
}
