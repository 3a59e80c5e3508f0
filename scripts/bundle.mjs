// Bundles the entry points of a package that is published, each into one file of `dist` and what they share into others: code
// and declarations. An import of the SDK then takes a third of the time that it takes from a file for each module. Run in the
// package's folder, after `tsc` has emitted the declarations: `node ../../scripts/bundle.mjs src/index.ts …`. Other packages
// are left as imports, except those of `inlined`. After `--alone` comes an entry point that takes the place of another one by a
// condition of `exports`, with its declarations: it is bundled with all that it needs, since no program has both. The bundler must leave a module's constants constants, as this one does: V8
// reads a `var` of a module anew on each use, which costs a call 2 to 3 %.
import { createRequire } from "node:module";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { build, rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";

/**
 * CommonJS packages of few lines, whose code is built in. An import of them costs more than all of ours: Node starts a second
 * loader for them. Their types are imported: TypeScript infers the options of somebody's nice-grpc middleware from types that
 * are the same, not from types that look the same.
 */
const inlined = /^(nice-grpc-common|ts-error)$/;
/** Where declarations stand while they are bundled. */
const BUNDLED = "dist/bundled";

const inlinedPaths = new Set();

/** Copies what a CommonJS module exports into constants: a bundler's own bindings are getters, on every use. */
const constants = {
  name: "constants",
  resolveId: {
    filter: { id: inlined },
    handler: (id, importer) => {
      const path = createRequire(importer).resolve(id);
      inlinedPaths.add(path);
      return importer.endsWith(".ts") ? { id: `\0${path}`, moduleSideEffects: false } : path;
    },
  },
  load: {
    filter: { id: /^\0.*\/nice-grpc-common\// },
    handler: (id) => {
      const path = id.slice(1);
      const names = Object.keys(createRequire(path)(path)).join(", ");
      return `import * as all from ${JSON.stringify(path)};\nexport const { ${names} } = all;`;
    },
  },
};

const isPackage = (id) => !id.startsWith(".") && !id.startsWith("\0") && !isAbsolute(id);

const { values, positionals } = parseArgs({ allowPositionals: true, options: { alone: { type: "string" } } });
const named = (path) => [relative("src", path).replace(/\.ts$/, ""), path];
const entries = positionals.map(named);
const open = (input) =>
  rolldown({
    input: Object.fromEntries(input),
    platform: "node",
    external: (id) => isPackage(id) && !inlined.test(id),
    plugins: [constants],
    tsconfig: join(process.cwd(), "tsconfig.json"),
    logLevel: "warn",
    // A CommonJS module has none, and our code looks.
    checks: { emptyImportMeta: false },
  });
const code = await open(entries);
// Names without a hash: what turbo brings back from its cache takes the place of what was there, and nothing is left of it.
await code.write({ dir: "dist", format: "esm", chunkFileNames: "shared-[name].js" });
// For programs that cannot `require` an ES module, such as Jest on Node.js 22. Node.js itself never loads these files: it
// looks for `module-sync` first, so that a process has each class once.
await code.write({
  dir: "dist",
  format: "cjs",
  // The same code, with its comments, is beside it.
  comments: false,
  entryFileNames: "[name].cjs",
  chunkFileNames: "shared-[name].cjs",
});
await code.close();
if (values.alone !== undefined) {
  const other = await open([named(values.alone)]);
  await other.write({ dir: "dist", format: "esm" });
  await other.close();
}
await bundleDeclarations();
writeNotices();

/** Puts the declarations of the entry points in place of those of all modules. */
async function bundleDeclarations() {
  await build({
    input: Object.fromEntries(entries.map(([name]) => [name, `./dist/${name}.d.ts`])),
    external: isPackage,
    plugins: [dts({ dtsOnly: true, generator: "oxc", tsconfig: false })],
    logLevel: "warn",
    output: { dir: BUNDLED, format: "esm", chunkFileNames: "types-[name].d.ts" },
  });
  for (const entry of readdirSync("dist", { withFileTypes: true })) {
    const path = join("dist", entry.name);
    if (path !== BUNDLED && (entry.isDirectory() || path.endsWith(".d.ts")))
      rmSync(path, { recursive: true });
  }
  for (const name of readdirSync(BUNDLED)) {
    const path = join("dist", name);
    renameSync(join(BUNDLED, name), path);
    // TypeScript takes the format of a module from the name of its declarations.
    const text = readFileSync(path, "utf8").replace(/(["']\.[^"']+)\.js(["'])/g, "$1.cjs$2");
    writeFileSync(path.replace(/ts$/, "cts"), text);
  }
  rmSync(BUNDLED, { recursive: true });
}

/** Says whose code is built in, and under which licences. */
function writeNotices() {
  const notices = Array.from(inlinedPaths, (path) => {
    const folder = dirname(dirname(path));
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^license/i.test(each));
    if (file === undefined) throw new Error(`${name} is built in, and has no licence in its package`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  if (notices.length > 0) writeFileSync("dist/THIRD-PARTY-LICENSES.txt", notices.toSorted().join("\n\n"));
}
