// Holds that the contract in `proto` serves every client that has been made of it: from the seed, from the last release, and from the
// branch that a change is to be merged into; and that a contract that was changed since the last release has another version.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The contract of the last release, which `scripts/release-contract.mjs` writes: a clone has no tags. */
export const RELEASED = "gen/released";

/** The annotations that contracts import, of the package that publishes them. */
const PUBLISHED = "gen/node_modules/google-gax/build/protos";
const ANNOTATIONS = ["google/api/annotations.proto", "google/api/http.proto"];
/** A contract, and the annotations beside it, which are nobody's to break: the rules without buf.yaml's excuse for the seed. */
const STRICT = JSON.stringify({
  version: "v2",
  modules: [{ path: "proto" }, { path: "annotations", breaking: { ignore: ["annotations"] } }],
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
 * Runs `buf breaking`.
 *
 * @param whose The clients of `against`.
 * @throws {Error} that says what to do, if `against` has what the contract has not.
 */
function compare(whose, input, against, cwd) {
  const args = ["breaking", input, "--against", against];
  const { status, error } = spawnSync("buf", args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  // 100 is for what is found, anything else for what went wrong.
  if (status === 100) throw new Error(`the contract breaks the clients of ${whose}.\n${advice}`);
  if (status !== 0) throw new Error(`buf ${args.join(" ")}: exit status ${status}`);
}

/** Puts a contract into a folder with the annotations that it imports. @param files The contract's files, by their paths. */
function lay(root, folder, files) {
  const write = (path, content) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  mkdirSync(join(folder, "proto"), { recursive: true });
  for (const [path, content] of files) write(join(folder, "proto", path), content);
  for (const path of ANNOTATIONS) {
    const from = join(root, PUBLISHED, path);
    mkdirSync(dirname(join(folder, "annotations", path)), { recursive: true });
    cpSync(from, join(folder, "annotations", path));
  }
  write(join(folder, "buf.yaml"), STRICT);
}

/** The files of a contract in a folder. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((path) => path.endsWith(".proto"))
    .map((path) => [path, readFileSync(join(folder, path))]);
}

/** Compares the contract strictly with another one, each with the annotations beside it. */
function compareStrictly(root, whose, files) {
  const folder = mkdtempSync(join(tmpdir(), "callwire-contract-"));
  try {
    lay(root, join(folder, "now"), filesIn(join(root, "proto")));
    lay(root, join(folder, "before"), files);
    compare(whose, "now/proto", "before/proto", folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
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

/** The version of the packages that {@link RELEASED} was published with, and the contracts that its definitions named, by service. */
function release(root) {
  const path = join(root, RELEASED, "release.json");
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8"));
  throw new Error(`${path} is missing: \`pnpm release:contract\` writes it, with every release`);
}

/** The contracts that the generated definitions name, by service. */
export function contractsOf(root) {
  const contracts = {};
  for (const name of readdirSync(join(root, "gen/src"), { recursive: true }).toSorted((a, b) =>
    a < b ? -1 : 1,
  )) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(join(root, "gen/src", name), "utf8");
    for (const [, service, contract] of text.matchAll(/fullName: "([\w.]+)",\n {2}contract: "([^"]+)"/g))
      contracts[service] = contract;
  }
  return contracts;
}

/** Holds that contracts of one version are the same. @throws {Error} that says which version to raise. */
export function checkContractVersions(root) {
  const { version: releasedAs, contracts } = release(root);
  const now = contractsOf(root);
  for (const [service, contract] of Object.entries(contracts)) {
    const [version, fingerprint] = contract.split("+");
    const [nowVersion, nowFingerprint] = now[service]?.split("+") ?? [];
    if (nowFingerprint === fingerprint || (nowVersion !== undefined && isAfter(nowVersion, version)))
      continue;
    const [major, minor] = version.split(".").map(Number);
    throw new Error(
      `the contract of ${service} has changed since release ${releasedAs}, and its version has not been raised: it is ` +
        `${nowVersion ?? "none"}, and was ${version}.\nSet \`contract_version=${major}.${minor + 1}.0\` in buf.gen.yaml, run \`pnpm generate\`, and commit both.`,
    );
  }
}

/** True if a version without pre-release comes after another. */
function isAfter(version, other) {
  const [a, b] = [version, other].map((each) => each.split(".").map(Number));
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && a[at] > b[at];
}

/** Compares the contract with that of the last release. */
export function compareWithRelease(root) {
  compareStrictly(root, `release ${release(root).version}`, filesIn(join(root, RELEASED)));
}

/** Runs all comparisons. @throws {Error} that says what to do. */
export function checkContract(root) {
  compare("the seed", "proto", "packages/interop/seed", root);
  compareWithRelease(root);
  const base = baseOf(root);
  if (base === undefined) {
    console.log("no base branch here (origin/main, main): compared with the seed and the last release alone");
    return;
  }
  const paths = git(root, "ls-tree", "-r", "--name-only", base.commit, "--", "proto") ?? "";
  const files = paths
    .split("\n")
    .filter((path) => path.endsWith(".proto"))
    .map((path) => [path.slice("proto/".length), git(root, "show", `${base.commit}:${path}`)]);
  if (files.length === 0) throw new Error(`the contract of ${base.name} cannot be read`);
  compareStrictly(root, base.name, files);
}
