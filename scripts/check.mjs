// Runs every check of the project, in the order in which they fail fastest; ends at the first that fails. With names of checks, runs
// those alone: `node scripts/check.mjs api "proto breaking"`.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkChangesets } from "./check-changesets.mjs";
import { checkContract, checkContractVersions } from "./check-contract.mjs";
import { checkDocs } from "./check-docs.mjs";
import { checkPackages } from "./check-packages.mjs";
import { checkWorkflows } from "./check-workflows.mjs";

/** The packages that are published, by folder. */
const published = [
  "gen",
  "packages/protobuf",
  "packages/codegen",
  "packages/transport",
  "packages/client-sdk",
  "packages/server-kit",
  "packages/edge",
  "packages/create-callwire",
];
const generated = [
  "gen/src",
  "packages/testkit/src/gen",
  "packages/transport/src/testing/gen",
  "packages/interop/own-service/src/gen",
  "packages/interop/src/gen",
  "packages/edge/src/testing/gen",
  "packages/edge/src/descriptors/gen",
  "examples/orders/src/gen",
  "packages/site/examples/src/gen",
  "packages/create-callwire/template/service/src/gen",
  "packages/create-callwire/template/client/src/gen",
  "packages/bench/src/gen",
  "examples/consumer-ci/src/gen",
];

/** What `buf format` leaves as it is: a module of buf.yaml, whose annotations are imported. */
const notOurs = ["--exclude-path", "gen/node_modules/google-gax/build/protos/google"];

const children = new Set();
// What runs beside a check that fails ends with it.
process.once("exit", () => {
  for (const child of children) child.kill();
});

async function run(command, ...args) {
  const child = spawn(command, args, { stdio: "inherit" });
  children.add(child);
  const [status] = await once(child, "exit");
  children.delete(child);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit status ${status}`);
}

/** The packages whose suites take half of the time of all: they run beside the others. */
const halfOfTests = [
  "@callwire/interop",
  "@callwire/protoc-gen-callwire",
  "@callwire/client-sdk",
  "@callwire/site",
  "create-callwire",
];

/** Runs the suites of some packages, which must be built, one after the other. Each takes two processes. */
async function runTests(names, isOthers) {
  const filters = names.map((name) => `--filter=${isOthers ? "!" : ""}${name}`);
  await run("turbo", "run", "test", ...filters, "--only", "--concurrency=1", "--output-logs=new-only");
}

/** A hash of each file below some folders, by its path. */
function hashesOf(folders) {
  const hashes = new Map();
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const path of files.map((entry) => join(entry.parentPath, entry.name)))
      hashes.set(path, createHash("sha256").update(readFileSync(path)).digest("hex"));
  }
  return hashes;
}

const foldersIn = (path) => readdirSync(path).map((name) => join(path, name));

const checks = {
  format: () => {
    const { status } = spawnSync("oxfmt", ["--list-different"], { stdio: "inherit" });
    if (status !== 0)
      throw new Error("the files above are not formatted: run `pnpm format`, and commit what it changes");
  },
  "proto format": () => {
    const { status } = spawnSync("buf", ["format", "--diff", "--exit-code", ...notOurs], {
      stdio: "inherit",
    });
    if (status !== 0)
      throw new Error("the contracts are not formatted: run `pnpm exec buf format --write`, and commit it");
  },
  "proto lint": () => run("buf", "lint"),
  "proto breaking": () => checkContract("."),
  "generated code": async () => {
    await run("turbo", "run", "build", "--filter=@callwire/protoc-gen-callwire", "--output-logs=errors-only");
    const before = hashesOf(generated);
    await run("node", "scripts/generate.mjs");
    const after = hashesOf(generated);
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      (path) => before.get(path) !== after.get(path),
    );
    if (changed.length > 0) {
      throw new Error(
        `generated code was not what \`pnpm generate\` makes, and is now:\n  ${changed.join("\n  ")}\n` +
          "Commit it. To change it, change its contract or packages/codegen: never these files.",
      );
    }
  },
  "proto version": () => checkContractVersions("."),
  changesets: () => {
    const sources = { gen: ["proto"] };
    const packages = published.map((folder) => ({ folder, sources: sources[folder] ?? [] }));
    return checkChangesets({ cwd: ".", packages });
  },
  workflows: () => checkWorkflows(),
  docs: () => checkDocs(),
  build: () => run("turbo", "run", "build", "--output-logs=errors-only"),
  site: () => run("turbo", "run", "site", "--output-logs=errors-only"),
  packages: () => checkPackages({ cwd: ".", folders: published }),
  api: () => run("node", "scripts/api.mjs", "--check"),
  lint: () => run("oxlint", "--type-aware"),
  typecheck: async () => {
    // One process reads the types of Node.js and of our packages once for all projects.
    const projects = foldersIn("packages").filter((folder) => existsSync(join(folder, "tsconfig.json")));
    await run("tsc", "-b", "--noEmit", "--builders", "2", "--checkers", "1", ...projects, "examples/orders");
    // What people copy, each by itself: `-b` leaves notes beside a project.
    for (const project of ["examples/consumer-ci", ...foldersIn("packages/create-callwire/template")])
      await run("tsc", "--noEmit", "-p", project);
  },
  test: async () => {
    await checks.build();
    await Promise.all([runTests(halfOfTests, false), runTests(halfOfTests, true)]);
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!Object.hasOwn(checks, name))
    throw new Error(`no check "${name}": there are ${Object.keys(checks).join(", ")}`);
}
/** Checks that take one core for long, and touch nothing that the next ones do: each runs beside them. */
const beside = new Set(["site", "packages"]);

let passed = 0;
const running = new Set();
for (const [name, check] of Object.entries(checks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const ended = finish(name, check);
  if (beside.has(name)) running.add(ended);
  else await ended;
}
await Promise.all(running);
console.log(`${passed} passed, 0 failed`);

/** Runs a check; ends the process if it fails. */
async function finish(name, check) {
  const started = Date.now();
  try {
    await check();
  } catch (error) {
    console.error(`✗ ${name}: ${error.message}\n${passed} passed, 1 failed`);
    process.exit(1);
  }
  passed++;
  console.log(`✓ ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
