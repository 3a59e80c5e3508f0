// Bundles the entry points of a package that is published, each into one file of `dist` and what they share into others. An
// import of the SDK then takes a third of the time that it takes from a file for each module. Run in the package's folder,
// after `tsc` has emitted the declarations: `node ../../scripts/bundle.mjs src/index.ts …`. Other packages are left as
// imports, except those of `inlined`. The bundler must leave a module's constants constants, as this one does: V8 reads a
// `var` of a module anew on each use, which costs a call 2 to 3 %.
import { createRequire } from "node:module";
import { isAbsolute, join, relative } from "node:path";
import { build } from "rolldown";

/** CommonJS packages of few lines. An import of them costs more than all of ours: Node starts a second loader for them. */
const inlined = /^(nice-grpc-common|ts-error)$/;

/** Copies what a CommonJS module exports into constants: a bundler's own bindings are getters, on every use. */
const constants = {
  name: "constants",
  resolveId: {
    filter: { id: inlined },
    handler: (id, importer) => {
      const path = createRequire(importer).resolve(id);
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

const entries = process.argv.slice(2).map((path) => [relative("src", path).replace(/\.ts$/, ""), path]);
await build({
  input: Object.fromEntries(entries),
  platform: "node",
  external: (id) => !inlined.test(id) && !id.startsWith(".") && !id.startsWith("\0") && !isAbsolute(id),
  plugins: [constants],
  tsconfig: join(process.cwd(), "tsconfig.json"),
  logLevel: "warn",
  output: {
    dir: "dist",
    format: "esm",
    chunkFileNames: "shared-[hash].js",
    sourcemap: true,
    // The sources are in the package.
    sourcemapExcludeSources: true,
  },
});
