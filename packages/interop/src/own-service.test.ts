import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { run, runWell, start } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";

const ownService = fileURLToPath(new URL("../own-service", import.meta.url));

interface Manifest {
  name: string;
  private?: boolean;
  dependencies?: Record<string, string>;
  pnpm?: { overrides: Record<string, string> };
}

const manifestIn = (folder: string) =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** The folders of the workspace's packages, by name. */
function workspacePackages(): Map<string, string> {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const folders = [
    join(root, "gen"),
    ...readdirSync(join(root, "packages")).map((name) => join(root, "packages", name)),
  ];
  return new Map(folders.map((folder) => [manifestIn(folder).name, folder]));
}

/** The names among `wanted` that the workspace has, and of all that those depend on there. */
function withDependencies(wanted: Iterable<string>, folders: ReadonlyMap<string, string>): Set<string> {
  const names = new Set<string>();
  const add = (name: string) => {
    const folder = folders.get(name);
    if (!folder || names.has(name)) return;
    names.add(name);
    Object.keys(manifestIn(folder).dependencies ?? {}).forEach(add);
  };
  for (const name of wanted) add(name);
  return names;
}

/**
 * Makes the project of a stranger of own-service: it has the packages as they would be published, and nothing else of
 * the workspace. Returns the names of those packages.
 */
async function install(project: string, tarballs: string): Promise<string[]> {
  for (const part of ["src", "proto", "tsconfig.json"]) {
    cpSync(join(ownService, part), join(project, part), { recursive: true });
  }
  const manifest = manifestIn(ownService);
  const folders = workspacePackages();
  const packed: Record<string, string> = {};
  for (const name of withDependencies(Object.keys(manifest.dependencies ?? {}), folders)) {
    const folder = folders.get(name) ?? "";
    expect(manifestIn(folder).private ?? false).toBe(false);
    const output = await runWell("pnpm", ["--dir", folder, "pack", "--json", "--pack-destination", tarballs]);
    packed[name] = `file:${(JSON.parse(output) as { filename: string }).filename}`;
  }
  for (const name of Object.keys(manifest.dependencies ?? {})) {
    if (packed[name] && manifest.dependencies) manifest.dependencies[name] = packed[name];
  }
  // For what they depend on among themselves, which is in no registry yet.
  manifest.pnpm = { overrides: packed };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  await runWell("pnpm", ["install", "--ignore-workspace", "--prefer-offline", "--ignore-scripts"], {
    cwd: project,
  });
  return Object.keys(packed);
}

test("a service of one's own is made of the packed packages", async () => {
  using project = temporaryFolder();
  using tarballs = temporaryFolder();
  const packed = await install(project.path, tarballs.path);
  expect(packed).toEqual(
    expect.arrayContaining(["@callwire/client-sdk", "@callwire/contracts", "@callwire/server-kit"]),
  );
  await runWell("pnpm", ["build"], { cwd: project.path });

  const token = "token-of-the-shop";
  await using service = start(process.execPath, ["dist/service.js"], {
    cwd: project.path,
    env: { INVENTORY_TOKEN: token },
  });
  const port = await service.line((line) => /"port":(\d+).*"msg":"listening"/.exec(line)?.[1]);
  const client = (...args: string[]) =>
    run(process.execPath, ["dist/client.js", `127.0.0.1:${port}`, ...args], { cwd: project.path });

  const stranger = await client("token-of-nobody");
  expect(stranger.code).toBe(1);
  expect(stranger.stderr).toContain(
    "inventory.v1.InventoryService/Reserve UNAUTHENTICATED: the token is not valid",
  );

  const shop = await client(token);
  expect(shop).toMatchObject({ code: 0, stderr: "" });
  expect(shop.stdout.split("\n")).toEqual([
    "{ left: 1 }",
    "{ left: 1 }",
    "{ left: 0 }",
    "FAILED_PRECONDITION [ { type: 'STOCK', subject: 'lamp', description: 'there are only 0' } ]",
    "",
  ]);

  service.child.kill("SIGTERM");
  const { code, stdout } = await service.outcome;
  expect(code).toBe(0);
  expect(stdout).not.toContain(token);
  expect(stdout).toMatch(/"item":"lamp","count":2,"by":"shop","msg":"reserved"/);
}, 60_000);
