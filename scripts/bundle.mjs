// Bundles the entry points of a package that is published, each into one file of `dist` and what they share into others: code
// and declarations. An import of the SDK then takes a third of the time that it takes from a file for each module. Run in the
// package's folder, after `tsc` has emitted the declarations: `node ../../scripts/bundle.mjs src/index.ts …`. Other packages
// are left as imports, except those of `inlined`. `--web` names an entry point for browsers. `--alone` names one for browsers that
// takes the place of another by a condition of `exports`, with its declarations. `--chunk client,server` puts all modules that these
// entry points share into one file: Node takes a millisecond for each file, and for each name of a package in each. `--part` names a module that it shares with the
// others, with all that stands in the folder of the same name: it is a file of `dist` too. The bundler must leave a module's constants constants, as this one does: V8 reads a `var` of a module anew on each use, which costs
// a call 2 to 3 %.
import { createRequire } from "node:module";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, rolldown } from "rolldown";
import { minifySync } from "rolldown/utils";
import { dts } from "rolldown-plugin-dts";

/**
 * CommonJS packages of few lines, whose code is built in. An import of them costs more than all of ours: Node starts a second
 * loader for them. Their types are imported: TypeScript infers the options of somebody's nice-grpc middleware from types that
 * are the same, not from types that look the same.
 */
const inlined = /^(nice-grpc-common|ts-error)$/;
/** The entry point that has nice-grpc-common built in. The packages on the transport import it from there: a program has it once. */
const KERNEL = { entry: "src/nice-grpc-common.ts", subpath: "@callwire/transport/nice-grpc-common" };
/** What browsers load of the transport. A program of Node.js loads the whole client anyway: one file less. */
const SEAM = /^@callwire\/transport\/seam$/;
/** Where declarations stand while they are bundled. */
const BUNDLED = "dist/bundled";

const inlinedPaths = new Set();

/** Copies what a CommonJS module exports into constants: a bundler's own bindings are getters, on every use. */
const constants = {
  name: "constants",
  resolveId: {
    filter: { id: [inlined, SEAM] },
    handler: (id, importer) => {
      if (SEAM.test(id)) return { id: "@callwire/transport/client", external: true };
      if (!positionals.includes(KERNEL.entry)) return { id: KERNEL.subpath, external: true };
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

/**
 * What CommonJS files share is constant too: a getter for each name takes a hundred bytes, in each install. Nor do they have white
 * space: it would take a tenth of them.
 */
const smallCommonJs = {
  name: "small-common-js",
  generateBundle({ format }, chunks) {
    if (format !== "cjs") return;
    const getter =
      /^Object\.defineProperty\(exports, "(\w+)", \{\n\tenumerable: true,\n\tget: function\(\) \{\n\t\treturn ([\w$.]+);\n\t\}\n\}\);$/gm;
    for (const chunk of Object.values(chunks)) {
      const { code, errors } = minifySync(chunk.fileName, chunk.code.replaceAll(getter, "exports.$1 = $2;"), {
        compress: false,
        mangle: false,
        codegen: { removeWhitespace: true },
      });
      if (errors.length > 0) throw new Error(`${chunk.fileName}: ${errors[0].message}`);
      chunk.code = code;
    }
  },
};

const isPackage = (id) => !id.startsWith(".") && !id.startsWith("\0") && !isAbsolute(id);

/** The packages that a bundle for browsers has inside, by their parts that need no Node.js. */
const webSources = {
  "@callwire/transport/seam": "../transport/src/seam.ts",
  "nice-grpc-common": "src/web/nice-grpc-common.ts",
  "#text": "src/text.web.ts",
};

/** Puts what browsers have in the place of what Node.js has: `x.web.ts` for `x.ts`, and {@link webSources}. */
const forBrowsers = {
  name: "for-browsers",
  resolveId(id, importer) {
    if (Object.hasOwn(webSources, id)) return resolve(webSources[id]);
    if (!id.startsWith(".") || importer === undefined) return undefined;
    const path = join(dirname(importer), id.replace(/\.js$/, ".web.ts"));
    return existsSync(path) ? path : undefined;
  },
};

/** Puts the numbers of statuses in the place of their names, which a page would load. */
const statusNumbers = {
  name: "status-numbers",
  transform: {
    filter: { code: /\bStatus\.[A-Z]/ },
    handler(code) {
      const { Status } = createRequire(resolve("package.json"))("nice-grpc-common");
      return code.replace(/\bStatus\.([A-Z_]+)\b/g, (_, name) => Status[name]);
    },
  },
};

/** Leaves what is in a part to the part's own file. */
const parts = {
  name: "parts",
  resolveId(id, importer) {
    if (!id.startsWith(".") || importer === undefined) return undefined;
    const path = join(dirname(importer), id);
    const part = values.part
      .map((each) => each.replace(/\.ts$/, ""))
      .find((each) => path.startsWith(`${resolve(each)}/`));
    return part && { id: `./${relative("src", part)}.js`, external: true };
  },
};

/** Doc comments are in the declarations. What bundlers read stays: without it, they could leave nothing out. */
const comments = { legal: true, annotation: true, jsdoc: false };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    alone: { type: "string" },
    chunk: { type: "string" },
    part: { type: "string", multiple: true, default: [] },
    web: { type: "string", multiple: true, default: [] },
  },
});
const named = (path) => [relative("src", path).replace(/\.ts$/, ""), path];
const entries = [...positionals, ...values.web].map(named);
const forNode = {
  platform: "node",
  external: (id) => isPackage(id) && !inlined.test(id) && !SEAM.test(id),
  plugins: [constants],
};
await bundleCode([...positionals, ...values.part], forNode, "shared");
const inBrowsers = {
  platform: "browser",
  // A page loads a name for each constant that is not in its place.
  optimization: { inlineConst: { mode: "all" } },
  external: (id) => isPackage(id) && !Object.hasOwn(webSources, id),
  plugins: [forBrowsers, statusNumbers],
};
if (values.web.length > 0) await bundleCode(values.web, inBrowsers, "web-shared");
if (values.alone !== undefined) {
  const code = await open([values.alone], { ...inBrowsers, plugins: [parts, ...inBrowsers.plugins] });
  await code.write({ dir: "dist", format: "esm", comments });
  await code.close();
}
await bundleDeclarations();
writeNotices();

function open(paths, options) {
  return rolldown({
    input: Object.fromEntries(paths.map(named)),
    ...options,
    plugins: [...options.plugins, smallCommonJs],
    tsconfig: join(process.cwd(), "tsconfig.json"),
    logLevel: "warn",
    // A CommonJS module has none, and our code looks.
    checks: { emptyImportMeta: false },
    // No comment for each module with its path, which who installs a package does not have.
    experimental: { attachDebugInfo: "none" },
  });
}

/** Whether all entry points of `--chunk` reach a module, which is none itself. */
function isChunked(id, modules) {
  const reached = new Set();
  const importers = [id];
  for (const each of importers) {
    if (reached.has(each)) continue;
    reached.add(each);
    importers.push(...modules.getModuleInfo(each).importers);
  }
  return (
    !modules.getModuleInfo(id).isEntry &&
    values.chunk.split(",").every((name) => reached.has(resolve(`src/${name}.ts`)))
  );
}

/** Writes the code of some entry points, with what they share in files whose names begin with `shared`. */
async function bundleCode(paths, options, shared) {
  const code = await open(paths, options);
  const codeSplitting = shared === "shared" &&
    values.chunk !== undefined && {
      groups: [{ debugName: "main", name: (id, modules) => (isChunked(id, modules) ? "main" : null) }],
    };
  // Names without a hash: what turbo brings back from its cache takes the place of what was there, and nothing is left of it.
  await code.write({
    dir: "dist",
    format: "esm",
    comments,
    chunkFileNames: `${shared}-[name].js`,
    ...(codeSplitting && { codeSplitting }),
  });
  // For programs that cannot `require` an ES module, such as Jest on Node.js 22. Node.js itself never loads these files: it
  // looks for `module-sync` first, so that a process has each class once.
  await code.write({
    dir: "dist",
    format: "cjs",
    comments,
    entryFileNames: "[name].cjs",
    chunkFileNames: `${shared}-[name].cjs`,
    ...(codeSplitting && { codeSplitting }),
  });
  await code.close();
}

/**
 * Puts the declarations of the entry points in place of those of all modules. They are there once, in the CommonJS form, which both
 * module systems may import: a class then is one type, however it was imported, and an install is smaller.
 */
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
    // TypeScript takes the format of a module from the name of its declarations.
    const text = readFileSync(join(BUNDLED, name), "utf8").replace(/(["']\.[^"']+)\.js(["'])/g, "$1.cjs$2");
    writeFileSync(join("dist", name.replace(/ts$/, "cts")), text);
  }
  for (const [name] of entries) writeFileSync(`dist/${name}.d.ts`, `export * from "./${name}.cjs";\n`);
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
