import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runIn } from "./command.js";
import { makeContract, ONE } from "./contract.js";
import type { SizePeer } from "./peers.js";

const bench = fileURLToPath(new URL("../../", import.meta.url));
const buf = join(bench, "../../node_modules/.bin/buf");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

/** The compiler's settings: strict, as those of this project are, and without checks of what is in node_modules. */
const compilerOptions = {
  target: "es2023",
  lib: ["es2023", "dom"],
  module: "nodenext",
  types: [],
  strict: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  rootDir: "src",
  outDir: "js",
};

/** A folder with the code that one plugin makes of the contract. */
export class Project {
  readonly #folder: string;
  readonly #peer: SizePeer;

  /** Generates, and compiles to JavaScript. */
  constructor(folder: string, peer: SizePeer) {
    this.#folder = folder;
    this.#peer = peer;
    for (const [path, text] of makeContract()) this.#write(join("proto", path), text);
    this.#write("package.json", JSON.stringify({ type: "module", sideEffects: false }));
    this.#write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["src"] }));
    this.#write("buf.gen.yaml", JSON.stringify(this.#template()));
    symlinkSync(join(bench, "node_modules"), join(folder, "node_modules"));
    runIn(folder, buf, "generate", "--template", "buf.gen.yaml", "proto");
    this.#tsc();
    this.#write(
      "js/all.js",
      this.scripts()
        .map((path) => `import "./${path}";\n`)
        .join(""),
    );
    this.#write("js/one.js", peer.program(`./${ONE.path.replace(/\.proto$/, "")}`, ONE.message));
  }

  get folder(): string {
    return this.#folder;
  }

  /** The paths of all TypeScript, in `src`. */
  sources(): string[] {
    return filesIn(join(this.#folder, "src"), ".ts");
  }

  /** The paths of all generated JavaScript, in `js`. */
  scripts(): string[] {
    return this.sources().map((path) => path.replace(/ts$/, "js"));
  }

  /** Checks the types of everything. */
  check(): void {
    this.#tsc("--noEmit");
  }

  #tsc(...args: string[]): void {
    runIn(this.#folder, process.execPath, tsc, "-p", ".", ...args);
  }

  #template(): object {
    const { plugin, options, includesWellKnown } = this.#peer;
    const include = includesWellKnown && { include_imports: true, include_wkt: true };
    return {
      version: "v2",
      plugins: [{ local: plugin, out: "src", strategy: "all", opt: options, ...include }],
    };
  }

  #write(path: string, text: string): void {
    const full = join(this.#folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
}

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .toSorted();
}
