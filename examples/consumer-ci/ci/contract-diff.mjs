// Shows what a pull request changes in the contract, and fails if that breaks clients or the contract keeps its version: `npm run contract:diff -- origin/main`. Both
// sides are formatted by buf before they are compared. In a workflow of GitHub, the diff is on the page of the run, and what
// breaks is beside its line.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [base = "origin/main"] = process.argv.slice(2);
const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY } = process.env;

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { maxBuffer: 64 << 20, ...options });
  if (result.error) throw result.error;
  return result;
}

function must(command, args, options) {
  const { status, stdout, stderr } = run(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.toString()}`);
  return stdout;
}

/** The contracts that generated code names, by service: version and fingerprint. Of a commit, or of the working tree. */
function contracts(...commit) {
  const text = run("git", ["grep", "-h", "-A1", 'fullName: "', ...commit, "--", "src/gen"]).stdout.toString();
  const found = text.matchAll(/fullName: "([\w.]+)",\n {2}contract: "([^"]+)\+(\w+)"/g);
  return new Map(
    Array.from(found, ([, service, version, fingerprint]) => [service, { version, fingerprint }]),
  );
}

const folder = mkdtempSync(join(tmpdir(), "contract-"));
try {
  const before = join(folder, "base");
  mkdirSync(before);
  // Where the branch began: what the base has got since is no change of this one.
  const commit = must("git", ["merge-base", "HEAD", base]).toString().trim();
  const archive = must("git", ["archive", "--format=tar", `${commit}:./proto`]);
  must("tar", ["--extract", "--directory", before], { input: archive });

  must("buf", ["format", before, "--write"]);
  must("buf", ["format", "proto", "--output", join(folder, "head")]);
  const diff = run("git", ["diff", "--no-index", "--no-prefix", "base", "head"], {
    cwd: folder,
  }).stdout.toString();
  console.log(diff === "" ? `the contract is as in ${base}` : diff);
  if (GITHUB_STEP_SUMMARY !== undefined && diff !== "")
    appendFileSync(GITHUB_STEP_SUMMARY, `### Changes of the contract\n\n\`\`\`diff\n${diff}\`\`\`\n`);

  const format = GITHUB_ACTIONS === "true" ? ["--error-format", "github-actions"] : [];
  const breaking = run("buf", ["breaking", "proto", "--against", before, ...format], { stdio: "inherit" });
  if (breaking.status !== 0) {
    console.error(
      `The contract breaks clients made of ${base}: put back what was there, and add the new beside it.`,
    );
    process.exitCode = 1;
  }
  const old = contracts(commit);
  for (const [service, { version, fingerprint }] of contracts()) {
    const was = old.get(service);
    if (was === undefined || was.fingerprint === fingerprint || was.version !== version) continue;
    console.error(
      `${service} has changed, and is still ${version}: raise contract_version in buf.gen.yaml, then`,
    );
    console.error("`npm run generate`.");
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
