// Writes the API reports: the exported declarations of each entry point of each published package, sorted and without comments, as
// one text in `api/` of the package. A change of what people can import is then a change of a committed file. `--check` writes
// nothing, and fails if a report is not what the built declarations say. The packages must be built.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const defaultRoot = fileURLToPath(new URL("..", import.meta.url));

/** Declarations that people depend on, though no entry point exports them: the options of the plugin, as `opt:` takes them. */
const others = { "@callwire/protoc-gen-callwire": { "./options": "./dist/options.js" } };

/** The compiler's options: those of the packages, as far as they matter to declarations. */
const compilerOptions = {
  target: "es2023",
  lib: ["es2023", "esnext.disposable"],
  module: "nodenext",
  moduleResolution: "nodenext",
  types: ["node"],
  strict: true,
  skipLibCheck: true,
};

/** The declarations of one target of `exports`; undefined if it is no module. */
function declarationsOf(target) {
  if (typeof target === "object" && target !== null)
    return target.types ?? declarationsOf(target.import ?? target.default);
  return /\.[cm]?js$/.test(target) && !target.includes("*") ? target.replace(/js$/, "d.ts") : undefined;
}

/** The folders of the published packages. */
function publishedFolders(root) {
  const folders = ["gen", ...readdirSync(join(root, "packages")).map((name) => `packages/${name}`)];
  return folders.filter((folder) => {
    const path = join(root, folder, "package.json");
    return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).private !== true;
  });
}

/** The entry points of a package, each with the name of its report. */
function entriesOf(root, folder) {
  const { name: packageName, exports = {} } = JSON.parse(
    readFileSync(join(root, folder, "package.json"), "utf8"),
  );
  const entries = [];
  for (const [subpath, target] of Object.entries({ ...exports, ...others[packageName] })) {
    const declarations = declarationsOf(target);
    if (declarations === undefined) continue;
    const path = resolve(root, folder, declarations);
    if (!existsSync(path))
      throw new Error(`${folder}: ${declarations} is not there; \`pnpm build\` makes it`);
    const name = subpath === "." ? "index" : subpath.slice(2).replaceAll("/", ".");
    entries.push({ path, report: `${name}.api.md` });
  }
  return entries;
}

function configOf(root, folder, { path, report }, temp) {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: join(root, folder),
      mainEntryPointFilePath: path,
      newlineKind: "lf",
      compiler: { overrideTsconfig: { compilerOptions, files: [path] } },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: report,
        reportFolder: join(temp, folder),
        reportTempFolder: join(temp, "temp", folder),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: "error" } },
        extractorMessageReporting: { default: { logLevel: "none" } },
        tsdocMessageReporting: { default: { logLevel: "none" } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, folder, "package.json"),
  });
}

/** A report without the marks that every declaration has. */
function withoutMarks(report) {
  return (
    report
      .replaceAll(/^ *\/\/ (?:@public )?\(undocumented\)\n/gm, "")
      .replaceAll(/^ *\/\/ @public\n/gm, "")
      .replaceAll("// @public ", "// ")
      // What is left of comments inside of types.
      .replaceAll(/^ *\/\/\n/gm, "")
      .replaceAll(/ \/\/$/gm, "")
      .replace(/\n\/\/ \(No @packageDocumentation comment for this package\)\n/, "")
  );
}

/** The text of every report, by its path. */
function reportsOf(root) {
  const temp = mkdtempSync(join(tmpdir(), "callwire-api-"));
  try {
    const configs = publishedFolders(root).flatMap((folder) =>
      entriesOf(root, folder).map((entry) => ({
        path: `${folder}/api/${entry.report}`,
        config: configOf(root, folder, entry, temp),
      })),
    );
    for (const { config } of configs) mkdirSync(config.reportFolder, { recursive: true });
    // One program for all packages: most of the time is the compiler's, for the types of Node.js.
    const compilerState = CompilerState.create(configs[0].config, {
      additionalEntryPoints: configs.map(({ config }) => config.mainEntryPointFilePath),
    });
    return new Map(configs.map(({ path, config }) => [path, report(config, compilerState)]));
  } finally {
    rmSync(temp, { recursive: true });
  }
}

function report(config, compilerState) {
  const errors = [];
  Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) errors.push(message.formatMessageWithLocation());
    },
  });
  if (errors.length > 0) throw new Error(errors.join("\n"));
  return withoutMarks(readFileSync(config.reportFilePath, "utf8"));
}

/**
 * Compares the committed reports with what the packages export.
 *
 * @param root The repository.
 * @param write True to write what differs.
 * @returns The paths of the reports that differ, are missing, or stand for nothing.
 */
export function updateReports(root, write) {
  const reports = reportsOf(root);
  const stale = new Set();
  for (const [path, text] of reports) {
    const file = join(root, path);
    if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
    stale.add(path);
    if (!write) continue;
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, text);
  }
  for (const folder of publishedFolders(root)) {
    if (!existsSync(join(root, folder, "api"))) continue;
    for (const name of readdirSync(join(root, folder, "api"))) {
      const path = `${folder}/api/${name}`;
      if (!name.endsWith(".api.md") || reports.has(path)) continue;
      stale.add(path);
      if (write) rmSync(join(root, path));
    }
  }
  return [...stale];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isCheck = process.argv.includes("--check");
  const stale = updateReports(defaultRoot, !isCheck);
  if (isCheck && stale.length > 0) {
    console.error(
      `What people can import has changed, and these reports have not:\n  ${stale.join("\n  ")}\n` +
        "Run `pnpm api`, read its diff as a user of the package would, and commit it with the change.",
    );
    process.exit(1);
  }
  for (const path of stale) console.log(path);
}
