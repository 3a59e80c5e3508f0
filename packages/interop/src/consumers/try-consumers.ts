import { cpSync, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installProgram } from "@callwire/testkit";
import {
  installProject,
  manifestIn,
  runScript,
  type InstallOptions,
  type Manifest,
} from "../registry/project.js";
import type { Consumer } from "./consumers.js";

/** What came of a consumer. */
export interface Trial {
  consumer: Consumer;
  /** Undefined if it served and called; what it wrote otherwise. */
  problem: string | undefined;
}

/** Each program prints this after a call that succeeds and one that fails with the error that it must. */
const SUCCESS = "served and called";
const INTEROP = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Installs the projects of consumers and runs them, one after the other. Consumers that differ in script or Node.js alone share
 * an install.
 *
 * @param folder An empty folder.
 */
export async function* tryConsumers(
  consumers: readonly Consumer[],
  folder: string,
  registry?: string,
): AsyncGenerator<Trial, void> {
  const projects = new Map<string, Promise<string>>();
  for (const consumer of consumers) {
    const { folder: name, versions = {}, manager = "npm" } = consumer;
    const key = [name, manager, ...Object.entries(versions).flat()].join(" ");
    let project = projects.get(key);
    if (project === undefined) {
      const path = join(folder, String(projects.size));
      project = install(path, consumer, registry).then(() => path);
      projects.set(key, project);
    }
    yield { consumer, problem: await project.then((path) => serveAndCall(path, consumer), String) };
  }
}

async function install(
  project: string,
  { folder, sources, versions = {}, manager = "npm" }: Consumer,
  registry: string | undefined,
): Promise<void> {
  mkdirSync(project);
  cpSync(join(INTEROP, "consumers", folder), project, { recursive: true });
  if (sources !== undefined) cpSync(join(INTEROP, sources), join(project, "src"), { recursive: true });
  const options: InstallOptions = { manager, ...(registry === undefined ? {} : { registry }) };
  await installProject(project, withVersions(manifestIn(project), versions), options);
}

function withVersions(manifest: Manifest, versions: Record<string, string>): Manifest {
  const unknown = Object.keys(versions).filter((name) => manifest.devDependencies?.[name] === undefined);
  if (unknown.length > 0) throw new Error(`${manifest.name} has no ${unknown.join(", ")}`);
  return { ...manifest, devDependencies: { ...manifest.devDependencies, ...versions } };
}

async function serveAndCall(
  project: string,
  { script, node, manager = "npm" }: Consumer,
): Promise<string | undefined> {
  const env: NodeJS.ProcessEnv = { NEXT_TELEMETRY_DISABLED: "1" };
  if (node !== undefined) {
    const program = installProgram({ name: "node", version: node });
    env["PATH"] = [dirname(program), process.env["PATH"]].join(delimiter);
  }
  const { code, stdout, stderr } = await runScript(project, script, { env, manager });
  const output = `${stdout}${stderr}`;
  return code === 0 && output.includes(SUCCESS)
    ? undefined
    : `npm run ${script}: exit code ${code}\n${output}`;
}
