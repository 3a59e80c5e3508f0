// What `npm test` says of a change of a published package, in repositories made for it.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { runWell } from "./run.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

const script = new URL("../../../scripts/check-changesets.mjs", import.meta.url);
const { checkChangesets } = (await import(script.href)) as {
  checkChangesets: (options: {
    cwd: string;
    packages: readonly { folder: string; sources: readonly string[] }[];
    report?: (line: string) => void;
  }) => Promise<void>;
};

let repository: TemporaryFolder;
const packages = [
  { folder: "packages/client-sdk", sources: [] },
  { folder: "packages/contracts", sources: ["proto"] },
];

const check = () => checkChangesets({ cwd: repository.path, packages, report: (line) => reports.push(line) });
const reports: string[] = [];
const git = (...args: string[]) =>
  runWell("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], {
    cwd: repository.path,
  });
async function commit(subject: string): Promise<void> {
  await git("add", "--all");
  await git("commit", "--quiet", "--message", subject);
}
function write(path: string, content: string | object): void {
  const file = join(repository.path, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}
const writeManifest = (folder: string, more: object = {}) =>
  write(`packages/${folder}/package.json`, { name: `@callwire/${folder}`, version: "0.3.0", ...more });
const writeChangeset = (releases: string, text = "Calls are faster.") =>
  write(".changeset/quick-calls.md", `---\n${releases}\n---\n\n${text}\n`);

beforeEach(async () => {
  repository = temporaryFolder();
  write("package.json", { name: "root", private: true });
  write("pnpm-workspace.yaml", "packages:\n  - packages/*\n");
  write("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
  write(".changeset/config.json", { changelog: false, fixed: [["**"]], baseBranch: "main" });
  for (const folder of ["client-sdk", "contracts"]) {
    writeManifest(folder);
    write(`packages/${folder}/src/index.ts`, "export {};\n");
  }
  writeManifest("testkit", { private: true });
  write("proto/users.proto", 'syntax = "proto3";\n');
  await git("init", "--quiet", "--initial-branch=main");
  await commit("Begin");
});

afterEach(() => repository[Symbol.dispose]());

test("what users cannot notice needs no changeset", async () => {
  write("packages/client-sdk/src/index.test.ts", "export {};\n");
  write("packages/client-sdk/README.md", "# More\n");
  writeManifest("client-sdk", { devDependencies: { jest: "30.0.0" } });
  await check();
});

test("a change of a package, or of the contract, needs one, with the command that writes it", async () => {
  write("packages/client-sdk/src/new.ts", "export {};\n");
  write("proto/users.proto", 'syntax = "proto3";\npackage users;\n');
  await expect(check()).rejects.toThrow(
    /the contract differs from \w+: say what it adds in proto\/CHANGES.md/,
  );
  write("proto/CHANGES.md", "## Not released yet\n\n- A package.\n");
  await expect(check()).rejects.toThrow(
    /@callwire\/client-sdk: packages\/client-sdk\/src\/new\.ts\n.*@callwire\/contracts: proto\/users\.proto, proto\/CHANGES\.md\nRun `pnpm changeset`/,
  );
  writeChangeset('"@callwire/client-sdk": patch');
  await expect(check()).rejects.toThrow(/changes for users:\n {2}@callwire\/contracts: proto/);
  writeChangeset('"@callwire/client-sdk": patch\n"@callwire/contracts": minor');
  await check();
});

test("a manifest that installs something else needs one, and an empty one says that nobody notices", async () => {
  writeManifest("client-sdk", { dependencies: { pino: "^10.0.0" } });
  await expect(check()).rejects.toThrow("@callwire/client-sdk: packages/client-sdk/package.json");
  write(".changeset/quiet.md", "---\n---\n");
  await check();
});

test("on a branch, only a changeset of the branch counts", async () => {
  writeChangeset('"@callwire/client-sdk": patch');
  await commit("Make calls faster");
  await git("checkout", "--quiet", "-b", "change");
  write("packages/client-sdk/src/index.ts", "export const a = 1;\n");
  await commit("Change");
  await expect(check()).rejects.toThrow("@callwire/client-sdk");
  write(".changeset/a.md", '---\n"@callwire/client-sdk": minor\n---\n\nNew: a.\n');
  await commit("Say so");
  await check();
});

test("on the base branch, all since the last release counts, and a release needs no changeset", async () => {
  await git("tag", "@callwire/client-sdk@0.3.0");
  write("packages/client-sdk/src/index.ts", "export const a = 1;\n");
  await commit("Change");
  await expect(check()).rejects.toThrow("@callwire/client-sdk");
  for (const folder of ["client-sdk", "contracts"]) writeManifest(folder, { version: "0.4.0" });
  await check();
});

test("a wrong changeset is named, with what is wrong", async () => {
  writeChangeset('"@callwire/testkit": patch');
  await expect(check()).rejects.toThrow(
    ".changeset/quick-calls.md names @callwire/testkit, which is not published",
  );
  writeChangeset('"@callwire/client-sdk": major');
  await expect(check()).rejects.toThrow(/says major: in 0\.x a breaking change is a minor one/);
  writeChangeset('"@callwire/client-sdk": patch', "");
  await expect(check()).rejects.toThrow("says nothing to users");
  writeChangeset('"@callwire/nothing": patch');
  await expect(check()).rejects.toThrow("@callwire/nothing");
});

test("a release that would give the packages several versions, or skip one, is refused", async () => {
  writeChangeset('"@callwire/client-sdk": patch\n"@callwire/contracts": patch');
  write("packages/example/package.json", { name: "example", version: "1.0.0", private: true });
  await expect(check()).rejects.toThrow("the next release would be 1.0.1 after 0.3.0");
  write(".changeset/config.json", { changelog: false, fixed: [], baseBranch: "main" });
  await check();
  writeChangeset('"@callwire/client-sdk": patch\n"@callwire/contracts": minor');
  await expect(check()).rejects.toThrow("the next release would be 0.3.1, 0.4.0 after 0.3.0");
  writeManifest("contracts", { version: "0.4.0" });
  await expect(check()).rejects.toThrow("published packages have several versions: 0.3.0, 0.4.0");
});

test("a clone without history is checked as far as it goes", async () => {
  rmSync(join(repository.path, ".git"), { recursive: true });
  await check();
  expect(reports).toEqual([expect.stringContaining("git fetch --unshallow")]);
  writeChangeset('"@callwire/testkit": patch');
  await expect(check()).rejects.toThrow("which is not published");
});
