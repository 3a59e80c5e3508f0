// Holds that each change of a published package says what it means for its users: a changeset that is new since the base. The
// base is where this branch left the base branch; on the base branch itself, the last release, and before the first release the
// last commit.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import getReleasePlan from "@changesets/get-release-plan";

const CONTRACT_CHANGES = "proto/CHANGES.md";
/** Releases are tagged for each package; all have one version. */
const RELEASE_TAG = "@callwire/client-sdk@*";
/** Of package.json, what people who install it can notice. */
const NOTICED = [
  "bin",
  "dependencies",
  "engines",
  "exports",
  "imports",
  "name",
  "peerDependencies",
  "peerDependenciesMeta",
  "type",
];
/** Of a package's folder, the files that go into what is published. */
const isPublished = (path) =>
  /^(src|bin|template)\//.test(path) && !/\.test\.ts$|^src\/test-room\//.test(path);

/** Runs git; undefined if it fails. */
function git(cwd, ...args) {
  try {
    return execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** The commit that the work tree is compared with; undefined if this clone does not know it. */
function findBase(cwd) {
  const head = git(cwd, "rev-parse", "HEAD");
  const { GITHUB_BASE_REF } = process.env;
  const branches = [...(GITHUB_BASE_REF ? [`origin/${GITHUB_BASE_REF}`] : []), "origin/main", "main"];
  const branch = branches.find((name) => git(cwd, "rev-parse", "--verify", "--quiet", name) !== undefined);
  if (head === undefined || branch === undefined) return undefined;
  const fork = git(cwd, "merge-base", "HEAD", branch);
  if (fork !== head) return fork;
  return git(cwd, "describe", "--tags", "--abbrev=0", "--match", RELEASE_TAG) ?? head;
}

/** The files below some folders that differ from a commit, those that git does not know yet too. */
function filesSince(cwd, base, folders) {
  const changed = git(cwd, "diff", "--name-only", base, "--", ...folders) ?? "";
  const added = git(cwd, "ls-files", "--others", "--exclude-standard", "--", ...folders) ?? "";
  return `${changed}\n${added}`.split("\n").filter((path) => path !== "");
}

/** The fields of a package.json that people notice, and its version. */
function manifestParts(text) {
  const manifest = JSON.parse(text);
  return { version: manifest.version, noticed: JSON.stringify(NOTICED.map((key) => manifest[key])) };
}

/** Of one package, the files that differ in what is published. None if the difference is a release. */
function publishedSince(cwd, base, { folder, sources }) {
  const manifest = `${folder}/package.json`;
  const before = git(cwd, "show", `${base}:${manifest}`);
  const now = manifestParts(readFileSync(join(cwd, manifest), "utf8"));
  const then = before === undefined ? undefined : manifestParts(before);
  if (then !== undefined && then.version !== now.version) return [];
  const files = filesSince(cwd, base, [folder, ...sources]).filter(
    (path) => !path.startsWith(`${folder}/`) || isPublished(path.slice(folder.length + 1)),
  );
  return then?.noticed === now.noticed ? files : [manifest, ...files];
}

function checkContents(changesets, published) {
  for (const { id, summary, releases } of changesets) {
    const file = `.changeset/${id}.md`;
    const unknown = releases.find(({ name }) => !published.has(name));
    if (unknown)
      throw new Error(
        `${file} names ${unknown.name}, which is not published: name the package that users install`,
      );
    if (releases.some(({ type, name }) => type === "major" && published.get(name).startsWith("0.")))
      throw new Error(
        `${file} says major: in 0.x a breaking change is a minor one whose text begins with "Breaking:"`,
      );
    if (releases.length > 0 && summary.trim() === "")
      throw new Error(`${file} says nothing to users: write a sentence below its second line of dashes`);
  }
}

/** The packages have one version, and the next release gives them one: `fixed` of .changeset/config.json names them all. */
function checkVersions(manifests, releases) {
  const versions = new Set(manifests.map(({ version }) => version));
  if (versions.size > 1)
    throw new Error(`published packages have several versions: ${[...versions].join(", ")}`);
  const next = new Map(releases.map(({ name, newVersion }) => [name, newVersion]));
  const nexts = new Set(manifests.map(({ name, version }) => next.get(name) ?? version));
  const [version] = versions;
  const [major, minor, patch] = version.split(".").map(Number);
  const steps = [`${major}.${minor}.${patch + 1}`, `${major}.${minor + 1}.0`, `${major + 1}.0.0`];
  if (nexts.size > 1 || ![version, ...steps].includes([...nexts][0]))
    throw new Error(
      `the next release would be ${[...nexts].join(", ")} after ${version}: put each published package, and no package ` +
        "of another version, into `fixed` of .changeset/config.json",
    );
}

/** A contract that differs is named in its own list, which who makes code of it for another language reads. */
function checkContractChanges(cwd, base) {
  const files = filesSince(cwd, base, ["proto"]);
  if (files.some((path) => path.endsWith(".proto")) && !files.includes(CONTRACT_CHANGES))
    throw new Error(
      `the contract differs from ${base}: say what it adds in ${CONTRACT_CHANGES}, under "## Not released yet" (write the heading if it is missing)`,
    );
}

/**
 * @param options `packages`: of each published package the folder, and in `sources` the folders beside it that go into it. `report` gets a
 *   line if this clone has nothing to compare with.
 * @throws if a changeset is wrong, or if one is missing. The message has the command that mends it.
 */
export async function checkChangesets({ cwd, packages, report = console.log }) {
  const manifests = packages.map(({ folder }) =>
    JSON.parse(readFileSync(join(cwd, folder, "package.json"), "utf8")),
  );
  const { changesets, releases } = await getReleasePlan(cwd);
  checkContents(changesets, new Map(manifests.map(({ name, version }) => [name, version])));

  checkVersions(manifests, releases);

  const base = findBase(cwd);
  if (base === undefined) {
    report(
      "  changes are not compared: this clone has no commit to compare with; `git fetch --unshallow --tags` brings it",
    );
    return;
  }
  if (packages.some(({ sources }) => sources.includes("proto"))) checkContractChanges(cwd, base);
  const recent = new Set(filesSince(cwd, base, [".changeset"]));
  const isRecent = ({ id }) => recent.has(`.changeset/${id}.md`);
  if (changesets.some((changeset) => isRecent(changeset) && changeset.releases.length === 0)) return;
  const named = new Set(
    changesets.filter(isRecent).flatMap(({ releases }) => releases.map(({ name }) => name)),
  );
  const missing = packages.flatMap((each, index) => {
    const { name } = manifests[index];
    const files = named.has(name) ? [] : publishedSince(cwd, base, each);
    return files.length === 0
      ? []
      : [`  ${name}: ${files.slice(0, 3).join(", ")}${files.length > 3 ? ", …" : ""}`];
  });
  if (missing.length > 0)
    throw new Error(
      `no changeset says what this changes for users:\n${missing.join("\n")}\n` +
        "Run `pnpm changeset` and commit the file that it writes. If no user can notice it: `pnpm changeset --empty`.",
    );
}
