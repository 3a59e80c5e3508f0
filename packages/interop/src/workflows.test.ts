// What `npm test` says of a workflow.
import { expect, test } from "@jest/globals";

const script = new URL("../../../scripts/check-workflows.mjs", import.meta.url);
const { workflowProblems } = (await import(script.href)) as {
  workflowProblems: (path: string, text: string) => Promise<string[]>;
};

const right = `on: push
permissions: {}
jobs:
  check:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - run: echo "\${{ github.sha }}"
`;

test("a workflow that is right has no problem", async () => {
  expect(await workflowProblems("ci.yml", right)).toEqual([]);
});

test.each([
  ["permissions: {}\n", "", "it has no `permissions`"],
  ["    timeout-minutes: 5\n", "", "job check has no `timeout-minutes`"],
  ["ubuntu-24.04", "ubuntu-latest", "job check runs on ubuntu-latest"],
  ["3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7", "actions/checkout@v7 is not pinned"],
  [" # v7.0.1", "", "does not say its version"],
  ["github.sha", "github.shah", '"shah" is not defined in object type'],
  ["    steps:", "    step:", 'unexpected key "step"'],
])("without %j it has one", async (part, instead, problem) => {
  const problems = await workflowProblems("ci.yml", right.replace(part, instead));
  expect(problems.join("\n")).toContain(problem);
});
