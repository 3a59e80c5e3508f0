// `node dist/size/main.js`: measures what plugins make of a large contract. `--json <file>` writes the numbers there;
// `--rounds <n>` is how often times are taken, of which the median counts (default: 3 for types, 7 for imports).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "../report/results.js";
import { checkMs, importMs, measureSizes } from "./measure.js";
import { absence, sizePeers } from "./peers.js";
import { Project } from "./project.js";
import { asText, type SizeResult } from "./report.js";

/** Takes a time of each project in turn, so many rounds. */
function medians(
  projects: ReadonlyMap<string, Project>,
  rounds: number,
  time: (project: Project) => number,
): Map<string, number> {
  const taken = new Map(Array.from(projects, ([name]) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, project] of projects) taken.get(name)!.push(time(project));
  }
  return new Map(Array.from(taken, ([name, times]) => [name, median(times)]));
}

async function measureAll(folder: string, rounds: number | undefined): Promise<SizeResult[]> {
  const projects = new Map<string, Project>();
  for (const peer of sizePeers) {
    const reason = absence(peer);
    if (reason !== undefined) {
      console.error(`skipped: ${peer.name}: ${reason}`);
      continue;
    }
    const own = join(folder, peer.name);
    mkdirSync(own);
    projects.set(peer.name, new Project(own, peer));
  }
  const checks = medians(projects, rounds ?? 3, checkMs);
  const imports = medians(projects, rounds ?? 7, importMs);
  const results: SizeResult[] = [];
  for (const [peer, project] of projects) {
    const sizes = await measureSizes(project);
    results.push({ peer, ...sizes, checkMs: checks.get(peer)!, importMs: imports.get(peer)! });
  }
  return results;
}

const { values } = parseArgs({ options: { json: { type: "string" }, rounds: { type: "string" } } });
const folder = mkdtempSync(join(tmpdir(), "callwire-size-"));
try {
  const results = await measureAll(folder, values.rounds === undefined ? undefined : Number(values.rounds));
  console.log(asText(results));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
