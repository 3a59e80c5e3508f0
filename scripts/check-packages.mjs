// Holds that what is published works where it is installed: packs the packages, and reads the packed files as publint does, and as
// TypeScript does for programs of both module systems and for bundlers (attw). Both are libraries here: a process of its own for
// each package costs three times the time.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { problemAffectsResolutionKind, problemKindInfo } from "@arethetypeswrong/core/problems";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** How types are found. The rules of Node.js 10 are left out: they know no `exports`, and nor do the packages' engines. */
const resolutions = ["node16-cjs", "node16-esm", "bundler"];

function pack(cwd, folders, destination) {
  const filters = folders.map((folder) => `--filter=./${folder}`);
  // All is built: nothing is built anew.
  const options = ["--config.ignore-scripts=true", "--pack-destination", destination];
  const { status, stdout } = spawnSync("pnpm", [...filters, "pack", ...options], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`pnpm pack: exit status ${status}\n${stdout}`);
}

async function problemsOf(tarball, hasTypes) {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  const problems = messages.map((message) => formatMessage(message, pkg, { color: false }));
  if (!hasTypes) return problems;
  const analysis = await checkPackage(createPackageFromTarballData(tarball));
  if (!analysis.types) return [...problems, "it has no types"];
  const wrong = analysis.problems.filter((problem) =>
    resolutions.some((each) => problemAffectsResolutionKind(problem, each, analysis)),
  );
  return [
    ...problems,
    ...wrong.map(({ kind, entrypoint, resolutionKind, typesFileName, fileName, moduleSpecifier }) => {
      const where = [entrypoint, resolutionKind, typesFileName, fileName, moduleSpecifier];
      const { shortDescription, docsUrl } = problemKindInfo[kind];
      return `${shortDescription} (${where.filter(Boolean).join(" ")}): ${docsUrl}`;
    }),
  ];
}

/**
 * @param options `folders` of the packages; they must be built.
 * @throws with all that is wrong in what they publish.
 */
export async function checkPackages({ cwd, folders }) {
  const destination = mkdtempSync(join(tmpdir(), "callwire-pack-"));
  try {
    pack(cwd, folders, destination);
    const names = readdirSync(destination);
    if (names.length !== folders.length)
      throw new Error(`packed ${names.join(", ")} of ${folders.join(", ")}`);
    const wrong = [];
    for (const name of names) {
      const tarball = new Uint8Array(readFileSync(join(destination, name)));
      // Programs have no types.
      const problems = await problemsOf(tarball, !/^(callwire-protoc-gen|create)-/.test(name));
      wrong.push(...problems.map((problem) => `  ${name}: ${problem}`));
    }
    if (wrong.length > 0) throw new Error(`what would be published is wrong:\n${wrong.join("\n")}`);
  } finally {
    rmSync(destination, { recursive: true });
  }
}
