// Holds that the contract in `proto` serves every client that has been made of it: from the seed, from the last release, and from the
// branch that a change is to be merged into.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The contract of the last release, which `scripts/release-contract.mjs` writes: a clone has no tags. */
export const RELEASED = "gen/released";

/** The rules, without buf.yaml's excuse for what the seed does not say. */
const STRICT = JSON.stringify({
  version: "v2",
  modules: [{ path: "proto" }],
  breaking: { use: ["FILE"] },
});

const advice =
  "Each line above names what a client made of the old contract misses. Put it back as it was, and add the new beside it: a field " +
  "with a number of its own, a method, a message. What nobody should use any more gets `deprecated = true`, and stays.";

function git(root, ...args) {
  const { status, stdout } = spawnSync("git", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * @param whose The clients of `against`, which buf takes as a folder, or as `-` for the archive `input`.
 * @throws {Error} that says what to do, if `against` has what the contract has not.
 */
function compare(root, whose, against, config, input) {
  const args = ["breaking", "proto", "--against", against, ...(config ? ["--config", config] : [])];
  const { status, error } = spawnSync("buf", args, {
    cwd: root,
    input,
    stdio: [input === undefined ? "ignore" : "pipe", "inherit", "inherit"],
  });
  if (error) throw error;
  // 100 is for what is found, anything else for what went wrong.
  if (status === 100) throw new Error(`the contract breaks the clients of ${whose}.\n${advice}`);
  if (status !== 0) throw new Error(`buf ${args.join(" ")}: exit status ${status}`);
}

/** The commit of the base branch that this change began at; undefined if there is no such branch here. */
function baseOf(root) {
  const target = process.env["GITHUB_BASE_REF"];
  const refs = target ? [`origin/${target}`] : ["origin/HEAD", "origin/main", "main"];
  let ref = refs.find((each) => git(root, "rev-parse", "--verify", "--quiet", `${each}^{commit}`));
  if (ref === undefined && target) {
    // A checkout has one commit alone, if it is not told otherwise.
    const spec = `+refs/heads/${target}:refs/remotes/origin/${target}`;
    if (git(root, "fetch", "--quiet", "--no-tags", "--depth=1", "origin", spec) === undefined) {
      throw new Error(
        `the base branch '${target}' (GITHUB_BASE_REF) is not here and cannot be fetched: ` +
          "give actions/checkout `fetch-depth: 0`",
      );
    }
    ref = `origin/${target}`;
  }
  if (ref === undefined) return undefined;
  return { name: ref, commit: git(root, "merge-base", "HEAD", ref) ?? ref };
}

/** The version of the packages that {@link RELEASED} was published with; undefined before the first release. */
export function releasedVersion(root) {
  const path = join(root, RELEASED, "release.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).version : undefined;
}

/** Compares the contract with that of the last release. */
export function compareWithRelease(root) {
  const version = releasedVersion(root);
  if (version === undefined)
    throw new Error(`${RELEASED} is missing: \`pnpm release:contract\` writes it, with every release`);
  compare(root, `release ${version}`, RELEASED, STRICT);
}

/** Runs all comparisons. @throws {Error} that says what to do. */
export function checkContract(root) {
  compare(root, "the seed", "packages/interop/seed");
  compareWithRelease(root);
  const base = baseOf(root);
  if (base === undefined) {
    console.log("no base branch here (origin/main, main): compared with the seed and the last release alone");
    return;
  }
  const { status, stdout: input } = spawnSync("git", ["archive", "--format=tar", `${base.commit}:proto`], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`git archive ${base.commit}:proto: exit status ${status}`);
  compare(root, base.name, "-#format=tar", STRICT, input);
}
