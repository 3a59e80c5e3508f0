import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { create, fromBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import type { MessageType } from "@callwire/protobuf";
import { generate } from "../plugin.js";

/** The package's folder: there, generated code finds the runtime. */
const here = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name: string) => join(here, "../../node_modules/.bin", name);

function run(command: string, args: readonly string[], cwd = here): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, maxBuffer: 64 << 20 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}:\n${String(stdout)}${String(stderr)}`);
  return stdout;
}

/** The descriptors of contracts in a folder, with all that they import, as buf makes them. */
export function describeContracts(contracts: Readonly<Record<string, string>>): FileDescriptorProto[] {
  const folder = mkdtempSync(join(here, "contracts-"));
  try {
    for (const [path, text] of Object.entries(contracts)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const image = run(bin("buf"), ["build", folder, "--as-file-descriptor-set", "-o", "-#format=binpb"]);
    return fromBinary(FileDescriptorSetSchema, image).file;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs the plugin over descriptors. Returns the text of each module, by its path. */
export function generateModules(files: readonly FileDescriptorProto[], parameter = ""): Map<string, string> {
  const { file, error } = generate(
    create(CodeGeneratorRequestSchema, {
      protoFile: [...files],
      fileToGenerate: files.map(({ name }) => name),
      parameter,
    }),
  );
  if (error !== "") throw new Error(error);
  return new Map(file.map(({ name, content }) => [name, content]));
}

/** What a compiled module exports. */
export type Exports = Record<string, MessageType<Record<string, unknown>>>;

/** Compiled modules. Disposing of them removes them. */
export interface Compiled extends Disposable {
  load(path: string): Promise<Exports>;
}

/** Compiles modules under the strict settings of the project, and more of them. Throws with what the compiler says. */
export function compile(modules: ReadonlyMap<string, string>, moreOptions: object = {}): Compiled {
  const folder = mkdtempSync(join(here, "compiled-"));
  const remove = () => rmSync(folder, { recursive: true });
  try {
    for (const [path, text] of modules) {
      mkdirSync(dirname(join(folder, "src", path)), { recursive: true });
      writeFileSync(join(folder, "src", path), text);
    }
    const compilerOptions = {
      rootDir: "src",
      outDir: "js",
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      // Generated code runs anywhere; the types of Node.js take the compiler as long as all that it is given here.
      types: [],
      ...moreOptions,
    };
    const settings = { extends: "../../../tsconfig.base.json", compilerOptions, include: ["src"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    run(bin("tsc"), ["--singleThreaded", "-p", folder]);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    load: async (path) =>
      (await import(pathToFileURL(join(folder, "js", path.replace(/ts$/, "js"))).href)) as Exports,
    [Symbol.dispose]: remove,
  };
}
