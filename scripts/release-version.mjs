// `pnpm release:version`: what the release's pull request has. Turns the changesets into one version for all packages and a
// part of CHANGELOG.md. The release itself, `pnpm release`, publishes whatever the registry has not.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import getReleasePlan from "@changesets/get-release-plan";

const CHANGELOG = "CHANGELOG.md";
const CONTRACT_CHANGES = "proto/CHANGES.md";
/** The heading there of what the next release brings. */
const UNRELEASED = "## Not released yet";

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: exit status ${status}`);
}

/** The part of the changelog for one release: what breaks first, then what is new, then what is mended. */
export function changelogSection({ changesets, releases }, date) {
  const { newVersion } = releases[0];
  const kindOf = ({ summary, releases }) => {
    if (releases.length === 0) return undefined;
    if (/^breaking:/i.test(summary) || releases.some(({ type }) => type === "major")) return "Breaking";
    return releases.some(({ type }) => type === "minor") ? "New" : "Fixed";
  };
  const text = ["Breaking", "New", "Fixed"].map((kind) => {
    const items = changesets.filter((changeset) => kindOf(changeset) === kind);
    const lines = items.map(
      ({ summary }) =>
        `- ${summary
          .trim()
          .replace(/^breaking:\s*/i, "")
          .replaceAll("\n", "\n  ")}\n`,
    );
    return items.length === 0 ? "" : `\n### ${kind}\n\n${lines.join("")}`;
  });
  return `## ${newVersion} (${date})\n${text.join("")}`;
}

/** Projects outside the workspace, such as examples, that name our packages by the version that was. */
function raiseRanges(from, to) {
  const files = execFileSync("git", ["ls-files", "*package.json"], { encoding: "utf8" }).trim().split("\n");
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const raised = text.replaceAll(
      new RegExp(`("(?:@callwire/[\\w-]+|create-callwire)": "[\\^~]?)${from.replaceAll(".", "\\.")}"`, "g"),
      `$1${to}"`,
    );
    if (raised !== text) writeFileSync(file, raised);
  }
}

async function main() {
  const plan = await getReleasePlan(process.cwd());
  const [release] = plan.releases;
  if (release === undefined) {
    console.log("no changeset: there is nothing to release");
    return;
  }
  run("changeset", "version");
  const { oldVersion, newVersion } = release;
  raiseRanges(oldVersion, newVersion);
  const date = new Date().toISOString().slice(0, 10);
  const section = changelogSection(plan, date);
  const changelog = readFileSync(CHANGELOG, "utf8");
  const [introduction, ...sections] = changelog.split(/^(?=## )/m);
  writeFileSync(CHANGELOG, [introduction, `${section}\n`, ...sections].join(""));
  run("oxfmt", CHANGELOG);
  const changes = readFileSync(CONTRACT_CHANGES, "utf8");
  writeFileSync(CONTRACT_CHANGES, changes.replace(UNRELEASED, `## ${newVersion} (${date})`));
  run("node", "scripts/release-contract.mjs");
  run("pnpm", "install", "--lockfile-only");
}

if (process.argv[1] === import.meta.filename) await main();
