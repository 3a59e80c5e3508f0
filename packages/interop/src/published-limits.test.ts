import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { publishedLimits } from "./published-limits.js";
import { installProject } from "./registry/project.js";
import { runWell } from "./run.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

/** The number of times that each import is measured. The lowest counts: what else the machine does only adds. */
const ROUNDS = 9;

/** One project for each package that is measured: it has nothing else. */
const projects = new Map<string, TemporaryFolder>();

/** Installs a package alone. Each finds what its own manifest declares, and nothing else. */
async function install(name: string, version: string): Promise<void> {
  const project = temporaryFolder();
  projects.set(name, project);
  const manifest = { name: "project", private: true, dependencies: { [name]: version } };
  await installProject(project.path, manifest, { args: ["--config.hoist=false"] });
}

/** What a package of the workspace declares of another. */
function declared(folder: string, section: "dependencies" | "peerDependencies", name: string): string {
  const file = new URL(`../../${folder}/package.json`, import.meta.url);
  const manifest = JSON.parse(readFileSync(file, "utf8")) as Record<string, Record<string, string>>;
  const range = manifest[section]?.[name];
  if (range === undefined) throw new Error(`${folder} has no ${name} among its ${section}`);
  return range;
}

/** What a project has of each package, by `name@version`: the bytes of its files. */
function installed(name: string): Map<string, number> {
  const store = join(projects.get(name)?.path ?? "", "node_modules", ".pnpm");
  const sizes = new Map<string, number>();
  for (const entry of readdirSync(store)) {
    const folder = join(store, entry, "node_modules");
    if (!existsSync(folder)) continue;
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    let bytes = 0;
    for (const { parentPath, name: file } of files) bytes += statSync(join(parentPath, file)).size;
    sizes.set(entry, bytes);
  }
  return sizes;
}

/** The CPU time that the import of a module takes in a process of its own, in microseconds. */
async function importCost(project: string, specifier: string): Promise<number> {
  const program = `
    const before = process.cpuUsage();
    await import(${JSON.stringify(specifier)});
    const { user, system } = process.cpuUsage(before);
    console.log(user + system);`;
  const cwd = projects.get(project)?.path ?? "";
  return Number(await runWell(process.execPath, ["--input-type=module", "--eval", program], { cwd }));
}

const lowest = (values: readonly number[]) => Math.min(...values);

beforeAll(async () => {
  await install("@callwire/client-sdk", "*");
  await install("@callwire/server-kit", "*");
  await install("nice-grpc", declared("client-sdk", "peerDependencies", "nice-grpc"));
  await install("pino", declared("server-kit", "dependencies", "pino"));
}, 120_000);

afterAll(() => {
  for (const project of projects.values()) project[Symbol.dispose]();
});

describe.each([
  ["@callwire/client-sdk", undefined],
  ["@callwire/server-kit", "pino"],
])("an install of %s", (name, beside) => {
  const added = () => {
    const theirs = beside === undefined ? new Map<string, number>() : installed(beside);
    return Array.from(installed(name)).filter(([entry]) => !theirs.has(entry));
  };

  test("brings few packages, and no grpc-js", () => {
    const names = added().map(([entry]) => entry);
    expect(names.length).toBeGreaterThan(1);
    expect(names.length).toBeLessThanOrEqual(publishedLimits.packages);
    expect(names.filter((entry) => /grpc-js|bufbuild|^nice-grpc@/.test(entry))).toEqual([]);
  });

  test("is small", () => {
    const bytes = added().reduce((sum, [, size]) => sum + size, 0);
    expect(bytes).toBeGreaterThan(500_000);
    expect(bytes).toBeLessThanOrEqual(publishedLimits.bytes);
  });

  test("names no source map that it does not bring, and the licences of the code that is built in", () => {
    const dist = join(projects.get(name)?.path ?? "", "node_modules", name, "dist");
    const maps = readdirSync(dist)
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => readFileSync(join(dist, file), "utf8").match(/sourceMappingURL=.*/) ?? []);
    expect(maps).toEqual([]);
    const notices = readFileSync(join(dist, "THIRD-PARTY-LICENSES.txt"), "utf8");
    expect(notices).toMatch(/^nice-grpc-common \d[^]*MIT License[^]*^ts-error \d[^]*MIT License/m);
  });
});

test("an import takes a small part of what nice-grpc's takes", async () => {
  const imports = {
    niceGrpc: ["nice-grpc", "nice-grpc"],
    pino: ["pino", "pino"],
    sdk: ["@callwire/client-sdk", "@callwire/client-sdk"],
    users: ["@callwire/client-sdk", "@callwire/client-sdk/users"],
    kit: ["@callwire/server-kit", "@callwire/server-kit"],
  } as const;
  const costs: Record<keyof typeof imports, number[]> = {
    niceGrpc: [],
    pino: [],
    sdk: [],
    users: [],
    kit: [],
  };
  const names = Object.keys(imports) as (keyof typeof imports)[];
  // In turn, so that what else the machine does meets them all.
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      const [project, specifier] = imports[name];
      costs[name].push(await importCost(project, specifier));
    }
  }
  const limit = lowest(costs.niceGrpc) * publishedLimits.importOverNiceGrpc;
  expect(lowest(costs.sdk)).toBeLessThanOrEqual(limit);
  expect(lowest(costs.users)).toBeLessThanOrEqual(limit);
  expect(lowest(costs.kit) - lowest(costs.pino)).toBeLessThanOrEqual(limit);
}, 120_000);
