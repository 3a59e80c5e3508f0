// Runs every check of the project, in the order in which they fail fastest; ends at the first that fails.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkDocs } from "./check-docs.mjs";

/** The packages that are published, by folder. */
const published = [
  "gen",
  "packages/protobuf",
  "packages/codegen",
  "packages/transport",
  "packages/client-sdk",
  "packages/server-kit",
  "packages/edge",
];
const generated = [
  "gen/src",
  "packages/testkit/src/gen",
  "packages/transport/src/testing/gen",
  "packages/interop/own-service/src/gen",
  "packages/edge/src/testing/gen",
  "packages/bench/src/gen",
];

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit status ${status}`);
}

/** One hash over the names and contents of all files below some folders. */
function hashOf(folders) {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const path of files.map((entry) => join(entry.parentPath, entry.name)).toSorted()) {
      hash.update(`${path}\0`).update(readFileSync(path));
    }
  }
  return hash.digest("hex");
}

const checks = {
  format: () => run("prettier", "--check", "--log-level", "warn", "."),
  // Without what is not ours: a module of buf.yaml, whose annotations are imported.
  "proto format": () =>
    run(
      "buf",
      "format",
      "--diff",
      "--exit-code",
      "--exclude-path",
      "gen/node_modules/google-gax/build/protos/google",
    ),
  "proto lint": () => run("buf", "lint"),
  "proto breaking": () => run("buf", "breaking", "proto", "--against", "packages/interop/seed"),
  "generated code": () => {
    run("turbo", "run", "build", "--filter=@callwire/protoc-gen-callwire", "--output-logs=errors-only");
    const before = hashOf(generated);
    run("node", "scripts/generate.mjs");
    if (hashOf(generated) !== before)
      throw new Error("generated code was not up to date; it is now: commit it");
  },
  docs: () => checkDocs(),
  build: () => run("turbo", "run", "build", "--output-logs=errors-only"),
  lint: () => run("oxlint", "--type-aware"),
  typecheck: () => run("turbo", "run", "typecheck", "--output-logs=errors-only"),
  packages: () => {
    const folder = mkdtempSync(join(tmpdir(), "callwire-pack-"));
    try {
      for (const path of published)
        run("pnpm", "--dir", path, "pack", "--silent", "--pack-destination", folder);
      for (const name of readdirSync(folder)) {
        run("publint", "--strict", join(folder, name));
        run("attw", "--profile", "esm-only", "--format", "ascii", "--no-summary", join(folder, name));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  test: () => run("turbo", "run", "test", "--output-logs=new-only", "--concurrency=2"),
};

let passed = 0;
for (const [name, check] of Object.entries(checks)) {
  const started = Date.now();
  try {
    check();
  } catch (error) {
    console.error(`✗ ${name}: ${error.message}\n${passed} passed, 1 failed`);
    process.exit(1);
  }
  passed++;
  console.log(`✓ ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}
console.log(`${passed} passed, 0 failed`);
