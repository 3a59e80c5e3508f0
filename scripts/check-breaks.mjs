// Breaks what the checks hold, one thing at a time, in a copy of the repository, and holds that the check fails and says what to do.
// The packages must be built. Names as arguments run those breaks alone.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const contract = "proto/users/user_service.proto";

/** Of the contract, as the last release has it. */
const { contracts } = JSON.parse(readFileSync(join(root, "gen/released/release.json"), "utf8"));
const [releasedVersion] = contracts["users.UserService"].split("+");

/** Runs a test of a package, in its folder. */
const jest = ["node", "--experimental-vm-modules", "../../node_modules/jest/bin/jest.js", "--maxWorkers=1"];

/**
 * The breaks. `file` is changed by `from` → `to`, and `check`, or `command` in `folder`, must then fail and say all of `says`. What `before` changes is
 * committed in the copy first: it is what the base branch has.
 */
const breaks = {
  "a field of the seed is gone": {
    file: contract,
    from: /^ {2}string email = 3;\n/m,
    to: "",
    check: "proto breaking",
    says: ['name "email" on message "User" was deleted', "clients of the seed", "Put it back as it was"],
  },
  "a field of the last release has another type": {
    file: contract,
    from: "string etag = 9;",
    to: "bytes etag = 9;",
    check: "proto breaking",
    says: [
      'Field "9" with name "etag" on message "User" changed type',
      /clients of release \d+\.\d+\.\d+/,
      "add the new beside it",
    ],
  },
  "a field of the base branch is gone": {
    before: { file: contract, from: "string etag = 9;", to: "string etag = 9;\n  string nickname = 90;" },
    file: contract,
    from: "\n  string nickname = 90;",
    to: "",
    check: "proto breaking",
    says: ['name "nickname" on message "User" was deleted', "clients of main", "Put it back as it was"],
  },
  "a release of a contract that breaks the last one": {
    file: contract,
    from: "string etag = 9;",
    to: "string tag = 9;",
    command: ["node", "scripts/release-contract.mjs"],
    says: [/clients of release \d+\.\d+\.\d+/, "Put it back as it was"],
  },
  "a contract is changed, and its version is not raised": {
    file: "gen/src/users/user_service.ts",
    from: /contract: "[^"]+"/,
    to: `contract: "${releasedVersion}+00000000"`,
    check: "proto version",
    says: ["users.UserService", /Set `contract_version=\d+\.\d+\.0` in buf.gen.yaml/, "`pnpm generate`"],
  },
  "a contract that is not formatted": {
    file: contract,
    from: "string etag = 9;",
    to: "string  etag = 9;",
    check: "proto format",
    says: ["string  etag = 9;", "`pnpm exec buf format --write`"],
  },
  "a generated file is changed by hand": {
    file: "gen/src/users/user_service.ts",
    from: "pageSize: 0,",
    to: "pageSize: 50,",
    check: "generated code",
    says: ["gen/src/users/user_service.ts", "Commit it", "change its contract or packages/codegen"],
  },
  "an option of the SDK has another type": {
    // Declarations are bundled once, for both module systems, under names of their own.
    file: /^packages\/client-sdk\/dist\/(?:index|types-[\w-]+)\.d\.cts$/,
    from: "timeoutMs?: number;",
    to: "timeoutMs?: string;",
    check: "api",
    says: ["packages/client-sdk/api/index.api.md", "Run `pnpm api`", "commit it with the change"],
  },
  "a change of a package that says nothing to its users": {
    file: "packages/client-sdk/src/index.ts",
    from: "export { createClient }",
    to: "export {  createClient }",
    check: "changesets",
    says: ["@callwire/client-sdk: packages/client-sdk/src/index.ts", "Run `pnpm changeset` and commit"],
  },
  "a workflow takes whatever a version of an action is today": {
    file: ".github/workflows/release.yml",
    from: /(actions\/checkout)@[0-9a-f]{40} # (v\d+)\.[\d.]+/,
    to: "$1@$2",
    check: "workflows",
    says: [/release\.yml: actions\/checkout@v\d+ is not pinned: write the commit of its version/],
  },
  "documentation that shows code which is nowhere": {
    file: "docs/contract-versions.md",
    from: 'contractMismatch: "refuse" });\n```',
    to: 'contractMismatch: "refus" });\n```',
    check: "docs",
    says: ["docs/contract-versions.md: this block is in no source file"],
  },
  "a default that its comment does not know": {
    file: "packages/client-sdk/src/middleware/retry.ts",
    from: "maxBackoffMs: 5_000,",
    to: "maxBackoffMs: 6_000,",
    check: "docs",
    says: ["the comment of RetryOptions.maxBackoffMs says that its default is 5000", "has 6000"],
  },
  "a limit that the documentation does not know": {
    file: "packages/server-kit/src/limits.ts",
    from: "maxConnectionIdleMs: 30 * 60_000",
    to: "maxConnectionIdleMs: 20 * 60_000",
    check: "docs",
    says: ["docs/limits.md is not what the code says", "run 'pnpm docs:limits'"],
  },
  "a command of a README that is nowhere": {
    file: "README.md",
    from: "npm run demo ",
    to: "npm run demos ",
    folder: "packages/site",
    command: [...jest, "test/commands"],
    says: [/README\.md:\d+: npm run demos/, "name it in packages/site/test/pages.ts"],
  },
  "a job of a workflow that may run for ever": {
    file: ".github/workflows/ci.yml",
    from: /^ {4}timeout-minutes: \d+\n/m,
    to: "",
    check: "workflows",
    says: [".github/workflows/ci.yml: job check has no `timeout-minutes`"],
  },
  "a package that is larger than its limit": {
    file: "packages/interop/src/published-limits.ts",
    from: /"@callwire\/protobuf": \{ packages: 1, bytes: [\d_]+/,
    to: '"@callwire/protobuf": { packages: 1, bytes: 20_000',
    folder: "packages/interop",
    command: [...jest, "published-limits", "--testNamePattern", "protobuf brings"],
    says: [
      "an install of @callwire/protobuf brings",
      "where 20000 are allowed",
      "raise the limit in packages/interop",
    ],
  },
  "a report of an entry point that is gone": {
    file: "packages/server-kit/package.json",
    from: /^ {4}"\.\/nice-grpc": \{\n(?: {6}.*\n)+ {4}\},\n/m,
    to: "",
    check: "api",
    says: ["packages/server-kit/api/nice-grpc.api.md", "Run `pnpm api`"],
  },
};

function run(cwd, command, ...args) {
  const path = `${join(root, "node_modules/.bin")}:${process.env["PATH"]}`;
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    // The copy has no origin to fetch a base branch from: its own `main` is that.
    env: { ...process.env, PATH: path, GITHUB_BASE_REF: "" },
  });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

/** Runs a command that must succeed; returns its output. */
function must(cwd, command, ...args) {
  const { status, output } = run(cwd, command, ...args);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit status ${status}\n${output}`);
  return output;
}

/** A copy of the working tree, with what is built, as a repository of one commit on `main`. */
function copy() {
  const folder = mkdtempSync(join(tmpdir(), "callwire-breaks-"));
  const files = must(root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0");
  for (const file of files.filter((each) => each !== "" && existsSync(join(root, each))))
    cpSync(join(root, file), join(folder, file));
  const packages = files.filter((file) => file.endsWith("package.json")).map((file) => dirname(file));
  for (const each of packages) {
    if (existsSync(join(root, each, "dist")))
      cpSync(join(root, each, "dist"), join(folder, each, "dist"), { recursive: true });
    if (existsSync(join(root, each, "node_modules")))
      symlinkSync(join(root, each, "node_modules"), join(folder, each, "node_modules"));
  }
  must(folder, "git", "init", "--quiet", "--initial-branch=main");
  commit(folder);
  return folder;
}

function commit(folder) {
  must(folder, "git", "add", "--all");
  const author = ["-c", "user.name=breaks", "-c", "user.email=breaks@localhost"];
  must(folder, "git", ...author, "commit", "--quiet", "--allow-empty", "--no-verify", "--message=All");
}

/** Changes a file, the first by its name or by a pattern that has what is to be changed; returns what undoes that. */
function change(folder, { file, from, to }) {
  const names = typeof file === "string" ? [file] : readdirSync(folder, { recursive: true });
  for (const name of names.filter((each) => each.match(file))) {
    const path = join(folder, name);
    const before = readFileSync(path, "utf8");
    const after = before.replace(from, to);
    if (after === before) continue;
    writeFileSync(path, after);
    return () => writeFileSync(path, before);
  }
  throw new Error(`${file} has no ${from}: mend this break`);
}

/** What is missing from the failure of a check; empty if nothing is. */
function missing(copied, { before, check, command, folder = ".", says, ...edit }) {
  const committed = before && change(copied, before);
  if (committed) commit(copied);
  const restore = change(copied, edit);
  const [program, ...args] = command ?? ["node", "scripts/check.mjs", check];
  const { status, output } = run(join(copied, folder), program, ...args);
  restore();
  if (committed) {
    committed();
    commit(copied);
  }
  const unsaid = says.filter((text) =>
    typeof text === "string" ? !output.includes(text) : !text.test(output),
  );
  if (status === 0) return "it passed";
  return unsaid.length === 0 ? "" : `it does not say ${unsaid.join(", nor ")}:\n${output}`;
}

const wanted = process.argv.slice(2);
const folder = copy();
let failed = 0;
try {
  for (const [name, one] of Object.entries(breaks)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const problem = missing(folder, one);
    if (problem !== "") failed++;
    console.log(problem === "" ? `✓ ${name}` : `✗ ${name}: ${problem}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (failed > 0) process.exit(1);
