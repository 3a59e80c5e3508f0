import { execFile, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createProject, ownVersion } from "./create-project.js";
import { templates } from "./templates.js";

const packageFolder = fileURLToPath(new URL("..", import.meta.url));
const root = join(packageFolder, "../..");
let folder: string;

beforeAll(() => {
  // Below this package, where what the templates import is found.
  folder = mkdtempSync(join(packageFolder, "node_modules", ".created-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the program as npm does. */
function create(...args: string[]) {
  const program = join(packageFolder, "bin/create-callwire.js");
  const env = { ...process.env, npm_config_user_agent: undefined, npm_config_template: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
    input: "",
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

const manifestIn = (project: string, file = "package.json") =>
  JSON.parse(readFileSync(join(project, file), "utf8")) as Record<string, Record<string, string>>;

describe.each(templates)("the template $name", ({ name }) => {
  test("becomes a project that compiles and whose tests pass", async () => {
    const project = join(folder, `made-${name}`);
    expect(create(`made-${name}`, "--template", name)).toMatchObject({ status: 0, stderr: "" });
    const run = promisify(execFile);
    await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project]);
    const tests = readdirSync(join(project, "dist")).filter((file) => file.endsWith(".test.js"));
    const args = ["--test", ...tests.map((file) => join(project, "dist", file))];
    const { stdout } = await run(process.execPath, args, { cwd: project });
    expect(stdout).toMatch(/^. fail 0$/m);
    expect(stdout).toMatch(/^. pass [2-9]$/m);
  }, 60_000);

  test("has the name everywhere, and the packages of Callwire in this version", () => {
    const project = join(folder, `named-${name}`);
    createProject({ folder: project, packageName: `@acme/named-${name}` }, name);
    const { dependencies, devDependencies, peerDependencies, ...manifest } = manifestIn(project);
    expect(manifest["name"]).toBe(`@acme/named-${name}`);
    const ranges = Object.entries({ ...dependencies, ...devDependencies, ...peerDependencies });
    const own = ranges.filter(([dependency]) => dependency.startsWith("@callwire/"));
    expect(own.length).toBeGreaterThan(0);
    for (const [, range] of own) expect(range).toBe(`^${ownVersion()}`);
    const files = readdirSync(project, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    for (const file of files) {
      const text = readFileSync(join(file.parentPath, file.name), "utf8");
      expect(text).not.toContain("callwire-template");
    }
    expect(readFileSync(join(project, "README.md"), "utf8")).toContain(`# named-${name}\n`);
    expect(files.map((file) => file.name)).toContain(".gitignore");
  });

  test("has this workspace's versions of other packages", () => {
    const { devDependencies = {} } = manifestIn(join(packageFolder, "template", name), "_package.json");
    const wanted = manifestIn(root)["devDependencies"]!;
    for (const [dependency, range] of Object.entries(devDependencies)) {
      if (!dependency.startsWith("@callwire/"))
        expect([dependency, range]).toEqual([dependency, wanted[dependency]]);
    }
  });
});

test("what the templates share is the same in each", () => {
  const read = (template: string, file: string) =>
    readFileSync(join(packageFolder, "template", template, file), "utf8");
  for (const file of [
    "proto/greeter/v1/greeter_service.proto",
    "buf.yaml",
    "buf.gen.yaml",
    "tsconfig.json",
    "_gitignore",
    ".editorconfig",
    ".github/workflows/ci.yml",
  ]) {
    expect(read("client", file)).toBe(read("service", file));
  }
  for (const file of ["_gitignore", ".editorconfig"])
    expect(read("middleware", file)).toBe(read("service", file));
});

describe("the program", () => {
  test("says what to do next", () => {
    const { status, stdout, stderr } = create("next");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const steps = "  cd next\n  npm install\n  npm test\n  npm start\n";
    expect(stdout).toBe(`Made ${join(folder, "next")} of the template 'service'. Next:\n\n${steps}\n`);
  });

  test("says how to run it, and its version", () => {
    expect(create("--help").stdout).toContain("npm create callwire@latest <folder>");
    expect(create("-v").stdout).toBe(`${ownVersion()}\n`);
  });

  test.each([
    ["no name, and nobody to ask", [], "give the name of the folder to make"],
    ["a bad name", ["Bad Name"], "'Bad Name' cannot be a package's name"],
    ["an unknown option", ["refused", "--frob"], "there is no option '--frob'"],
    ["an unknown template", ["refused", "-t", "x"], "there is no template 'x'"],
  ])("refuses %s, and writes nothing", (_what, args, message) => {
    const { status, stdout, stderr } = create(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(`create-callwire: ${message}`);
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });

  test("refuses a folder that is not empty, and what is no folder", () => {
    mkdirSync(join(folder, "full"));
    for (const name of ["a", "b", "c", "d"]) writeFileSync(join(folder, "full", name), name);
    const full = create("full");
    expect(full.status).toBe(1);
    expect(full.stderr).toContain(
      "is not empty (a, b, c, …): give the name of a folder that is not there yet",
    );
    expect(readdirSync(join(folder, "full"))).toEqual(["a", "b", "c", "d"]);
    expect(create("full/a").stderr).toContain("is there already, and is no folder");
    expect(create("full/a/b").stderr).toContain("full/a is no folder, and cannot have one in it");
  });

  test("refuses a link to what is not there, and a place below one", () => {
    symlinkSync(join(folder, "nowhere"), join(folder, "link"));
    expect(create("link").stderr).toContain("link is a link to what is not there");
    expect(create("link/below").stderr).toContain("/link/below cannot be made: EEXIST");
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });

  const onLinux = process.platform === "linux" ? test : test.skip;
  onLinux("ends where no folder can be made", () => {
    const { status, stderr } = create("/proc/callwire/a");
    expect([status, stderr]).toEqual([
      1,
      "create-callwire: /proc/callwire/a cannot be made: ENOENT: no such file or directory, mkdir '/proc/callwire'; nothing of it was left\n",
    ]);
  });

  test("takes a folder with nothing but a repository, its licence and an editor's settings in it", () => {
    for (const name of [".git", ".idea"]) mkdirSync(join(folder, "cloned", name), { recursive: true });
    for (const name of ["LICENSE", ".DS_Store"]) writeFileSync(join(folder, "cloned", name), "");
    expect(create("cloned").status).toBe(0);
    expect(manifestIn(join(folder, "cloned"))["name"]).toBe("cloned");
    expect(existsSync(join(folder, "cloned/LICENSE"))).toBe(true);
  });
});

test("a project that cannot be written whole is not written at all", () => {
  // So deep that there is room for the first files, and none for those in folders.
  const longest = 4095 - "/.editorconfig".length;
  let deep = join(folder, "deep");
  while (deep.length < longest - 202) deep = join(deep, "d".repeat(200));
  deep = join(deep, "d".repeat(longest - deep.length - 1));
  expect(() => createProject({ folder: deep, packageName: "deep" }, "service")).toThrow(
    /cannot be made: ENAMETOOLONG.*nothing of it was left$/,
  );
  expect(existsSync(join(folder, "deep"))).toBe(false);
});
