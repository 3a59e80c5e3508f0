import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { importCosts, installApart, installedWith } from "./consumers/cost.js";
import { IMPORT_OVER_NICE_GRPC, publishedLimits, webClientLimits } from "./published-limits.js";
import { publicPackages } from "./registry/workspace.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** The packages that are measured. */
let project: TemporaryFolder;
/** What they would take as their peers in one project with it: nice-grpc, and the tools, which bring protobuf-es. */
let apart: TemporaryFolder;
const folderOf = (name: string) => (publishedLimits[name]?.imports.length === 0 ? apart.path : project.path);

/** The range of a dependency that a package of the workspace declares. */
function declared(folder: string, section: "dependencies" | "peerDependencies", name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >;
  const range = manifest[section]?.[name];
  if (range === undefined) throw new Error(`${folder} has no ${name} among its ${section}`);
  return range;
}

beforeAll(async () => {
  project = temporaryFolder();
  apart = temporaryFolder();
  const names = Object.keys(publishedLimits);
  const inFolder = (folder: string) =>
    Object.fromEntries(names.filter((name) => folderOf(name) === folder).map((name) => [name, "*"]));
  await installApart(project.path, {
    ...inFolder(project.path),
    pino: declared("packages/server-kit", "dependencies", "pino"),
  });
  await installApart(apart.path, {
    ...inFolder(apart.path),
    "nice-grpc": declared("packages/client-sdk", "peerDependencies", "nice-grpc"),
  });
}, 60_000);

afterAll(() => {
  project[Symbol.dispose]();
  apart[Symbol.dispose]();
});

/** Holds a limit. Throws with what to do, and what an install brings. */
function holdLimit(
  name: string,
  what: string,
  value: number,
  limit: number,
  sizes: [string, number][],
): void {
  if (value <= limit) return;
  const parts = sizes.map(([entry, size]) => `  ${entry}: ${size} bytes`).join("\n");
  throw new Error(
    `an install of ${name} brings ${value} ${what}, where ${limit} are allowed:\n${parts}\nTake out what has come in, or ` +
      "raise the limit in packages/interop/src/published-limits.ts, and say why in the commit.",
  );
}

test("there are limits for each package that is published to be installed, and for no other", () => {
  const installed = publicPackages(root).filter((name) => name !== "create-callwire");
  expect(Object.keys(publishedLimits).toSorted()).toEqual(installed.toSorted());
});

describe.each(Object.entries(publishedLimits))("an install of %s", (name, limits) => {
  test("brings few packages, and is small", () => {
    const there = limits.beside === undefined ? new Map() : installedWith(project.path, limits.beside);
    const added = Array.from(installedWith(folderOf(name), name)).filter(([entry]) => !there.has(entry));
    expect(added.length).toBeGreaterThan(0);
    holdLimit(name, "packages", added.length, limits.packages, added);
    const bytes = added.reduce((sum, [, size]) => sum + size, 0);
    expect(bytes).toBeGreaterThan(10_000);
    holdLimit(name, "bytes", bytes, limits.bytes, added);
  });

  test("has a licence, a README and what the registry's page shows", () => {
    const folder = join(folderOf(name), "node_modules", name);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(manifest).toMatchObject({
      license: "Apache-2.0",
      engines: { node: ">=20.19" },
      bugs: expect.anything(),
      homepage: expect.stringContaining("https://github.com/callwire/callwire/"),
      repository: { url: "git+https://github.com/callwire/callwire.git" },
      keywords: expect.arrayContaining(["grpc"]),
    });
    expect(readFileSync(join(folder, "LICENSE"), "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
    // On the registry's page, a link into the repository leads nowhere.
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    expect(readme.match(/\]\((?!https:|#)[^)]*\)/g)).toBeNull();
  });

  test("names no source map that it does not bring", () => {
    const dist = join(folderOf(name), "node_modules", name, "dist");
    const named = readdirSync(dist)
      .filter((file) => /\.(c?js|d\.c?ts)$/.test(file))
      .flatMap((file) => readFileSync(join(dist, file), "utf8").match(/sourceMappingURL=.*/) ?? []);
    expect(named).toEqual([]);
  });
});

test("the client SDK's README says what it costs", () => {
  const readme = readFileSync(join(root, "packages/client-sdk/README.md"), "utf8");
  const { packages, bytes } = publishedLimits["@callwire/client-sdk"]!;
  expect(readme).toContain(`It installs ${packages} packages of less than ${bytes / 1e6} MB`);
  expect(readme).toContain(`loads ${webClientLimits.production.gzipBytes / 1024} KB, compressed`);
});

test("what serves and calls brings no grpc-js", () => {
  const names = ["@callwire/client-sdk", "@callwire/server-kit"];
  const entries = names.flatMap((name) => Array.from(installedWith(project.path, name).keys()));
  expect(entries.filter((entry) => /grpc-js|bufbuild|^nice-grpc@/.test(entry))).toEqual([]);
});

test("code that is built in comes with its licences", () => {
  const file = "node_modules/@callwire/transport/dist/THIRD-PARTY-LICENSES.txt";
  const notices = readFileSync(join(project.path, file), "utf8");
  expect(notices).toMatch(/^nice-grpc-common \d[^]*MIT License[^]*^ts-error \d[^]*MIT License/m);
});

test.each([
  // TLS, compression and certificates are loaded when they are needed, and the transport's other half never.
  ["@callwire/client-sdk", ["tls", "http", "zlib", "crypto"]],
  ["@callwire/transport/client", ["tls", "http", "zlib", "crypto"]],
  ["@callwire/transport/server", ["dns/promises", "zlib"]],
])("an import of %s loads of Node.js only what it needs at once", (specifier, unwanted) => {
  const program = `const before = process.moduleLoadList.slice(); await import(${JSON.stringify(specifier)});
    console.log(process.moduleLoadList.filter((name) => !before.includes(name)).join())`;
  const loaded = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: project.path,
    encoding: "utf8",
  })
    .trim()
    .split(",");
  expect(loaded).toContain("NativeModule net");
  expect(unwanted.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
});

test("an import takes a small part of what nice-grpc's takes", async () => {
  const modules = Object.values(publishedLimits).flatMap(({ imports, beside }) =>
    imports.map((specifier) => ({ specifier, beside })),
  );
  const imports = ["pino", ...modules.map(({ specifier }) => specifier)];
  const niceGrpc = { folder: apart.path, specifier: "nice-grpc" };
  // What all are compared with is measured more often.
  const all = [niceGrpc, ...imports.map((specifier) => ({ folder: project.path, specifier })), niceGrpc];
  const costs = new Map<string, number>();
  const cost = (specifier: string | undefined) => costs.get(specifier ?? "") ?? 0;
  const large = () =>
    modules
      .map(({ specifier, beside }) => ({
        specifier,
        part: (cost(specifier) - cost(beside)) / cost("nice-grpc"),
      }))
      .filter(({ part }) => part > IMPORT_OVER_NICE_GRPC);
  // What else the machine does can only add to a cost: of several looks, the least counts.
  for (let looks = 0; looks < 8 && (looks === 0 || large().length > 0); looks++) {
    for (const [specifier, found] of await importCosts(all, 2))
      costs.set(specifier, Math.min(found, costs.get(specifier) ?? Infinity));
  }
  expect(cost("nice-grpc")).toBeGreaterThan(0);
  expect(large()).toEqual([]);
}, 120_000);
