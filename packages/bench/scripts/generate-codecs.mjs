// Generates the messages of the codec rows for every codec that is measured. protoc-gen-callwire must be built.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { pbfSource } from "./pbf-source.mjs";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../../..", import.meta.url));
const generated = join(root, "packages/bench/src/gen/codec");

/** The files of the rows, by the folder that imports start from. */
const sources = {
  proto: ["users/user_service.proto"],
  "packages/bench/proto": [
    "bench/codec/v1/nested.proto",
    "bench/codec/v1/numbers.proto",
    "bench/codec/v1/text.proto",
  ],
};
const files = Object.entries(sources).flatMap(([folder, names]) => names.map((name) => join(folder, name)));

/** Runs a command to its end, and returns what it printed. */
function run(command, ...args) {
  const { status, stdout, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit status ${status}`);
  return stdout;
}

/** An empty folder for what a peer generates. */
function folderFor(peer) {
  const folder = join(generated, peer);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** protobuf.js, static: one module for all files. What neither encodes nor decodes is left out. */
function generateProtobufJs() {
  const bin = join(dirname(require.resolve("protobufjs-cli/package.json")), "bin/pbjs");
  const paths = Object.keys(sources).flatMap((folder) => ["--path", folder]);
  const without = ["comments", "verify", "convert", "delimited", "typeurl", "service"];
  const options = ["--target", "static-module", "--wrap", "esm", ...without.map((name) => `--no-${name}`)];
  const module = join(folderFor("protobufjs"), "messages.js");
  const folder = mkdtempSync(join(tmpdir(), "callwire-pbjs-"));
  try {
    // Without annotations: their types would be in the module, too.
    const copies = files.map((file, index) => {
      const copy = join(folder, `${index}.proto`);
      writeFileSync(copy, withoutAnnotations(readFileSync(join(root, file), "utf8")));
      return copy;
    });
    run(process.execPath, bin, ...options, ...paths, "--out", module, ...copies);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withoutAnnotations(source) {
  return source
    .replace('import "google/api/annotations.proto";', "")
    .replaceAll(/option \(google\.api\.http\) = \{[^;]*\};/g, "");
}

function generatePbf() {
  const bin = fileURLToPath(new URL("bin/pbf", import.meta.resolve("pbf")));
  const folder = mkdtempSync(join(tmpdir(), "callwire-pbf-"));
  try {
    const source = join(folder, "messages.proto");
    writeFileSync(source, pbfSource(files.map((file) => join(root, file))));
    writeFileSync(join(folderFor("pbf"), "messages.js"), run(process.execPath, bin, source));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

rmSync(generated, { recursive: true, force: true });
run("node_modules/.bin/buf", "generate", "--template", "packages/bench/buf.gen.codecs.yaml");
generateProtobufJs();
generatePbf();
