// `pnpm bench`: see run/options.ts for what it takes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asSvg } from "./report/svg.js";
import { describe, summarize, type Measured, type Result } from "./report/results.js";
import { asText } from "./report/table.js";
import { makeCertificates } from "./run/certificates.js";
import { Databases } from "./run/databases.js";
import { measureCodec } from "./run/codec.js";
import { hasLoader } from "./run/load.js";
import { measure, takesPart } from "./run/measure.js";
import { readOptions, usage, type RunOptions } from "./run/options.js";
import { findPeer, type Peer } from "./run/peers.js";
import { Progress } from "./run/progress.js";
import { measureStoreAlone } from "./run/store-alone.js";
import { allWork, selectWork, type Work } from "./run/work.js";

/** One piece of work for one peer. */
interface Turn {
  peer: string;
  take: () => Promise<Measured>;
}

async function main(options: RunOptions): Promise<number> {
  const absent: string[] = [];
  const peers: Peer[] = [];
  for (const name of options.peers) {
    const peer = findPeer(name, { ...options, install: true });
    if ("reason" in peer) absent.push(`${name}: ${peer.reason}`);
    else peers.push(peer);
  }
  let works = selectWork(allWork(options.quick, options.nodes), options.only);
  if (!hasLoader && works.some(needsLoader)) {
    absent.push("load: h2load is not installed (Debian: nghttp2-client)");
    works = works.filter((work) => !needsLoader(work));
  }
  for (const line of absent) console.error(`skipped: ${line}`);

  using certificates = await makeCertificates();
  using databases = new Databases();
  const measureMs = 1000 * options.seconds;
  // Code that V8 has not compiled yet is several times slower: as long again, so that slow peers are warm too.
  const settings = { certificates, databases, measureMs, warmupMs: measureMs };
  const turnsOf = (work: Work): Turn[] => {
    const { codec } = work;
    if (codec !== undefined) {
      return codec.codecs.map((name) => ({
        peer: name,
        take: async () => {
          const times = await measureCodec(name, codec, measureMs / 2);
          return { rate: 1e9 / (times.encodeNs + times.decodeNs), ...times };
        },
      }));
    }
    const turns = peers
      .filter((peer) => takesPart(peer, work))
      .map((peer): Turn => ({ peer: peer.name, take: () => measure(peer, work, settings) }));
    if (work.kind === "upload-rows" && turns.length > 0) {
      turns.push({ peer: "store", take: () => measureStoreAlone(databases, work.size ?? 0) });
    }
    return turns;
  };

  const plan = works.map((work) => ({ work, turns: turnsOf(work) }));
  const progress = new Progress(options.rounds * plan.reduce((sum, { turns }) => sum + turns.length, 0));
  const results: Result[] = [];
  let failures = 0;
  for (const { work, turns } of plan) {
    const rounds = new Map<string, Measured[]>();
    for (let round = 1; round <= options.rounds; round++) {
      for (const { peer, take } of turns) {
        progress.next(`${work.name}, ${peer}, round ${round}`);
        try {
          rounds.set(peer, [...(rounds.get(peer) ?? []), await take()]);
        } catch (error) {
          failures++;
          const reason = `${work.name}, ${peer}, round ${round}: ${error instanceof Error ? error.message : String(error)}`;
          absent.push(reason);
          progress.say(`failed: ${reason}`);
        }
      }
    }
    for (const [peer, taken] of rounds) {
      results.push({ work: work.name, unit: work.unit, peer, ...summarize(taken) });
    }
  }
  progress.end();

  const report = describe(options, results, absent);
  console.log(asText(report));
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "results.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  const svg = asSvg(report);
  if (svg !== undefined) writeFileSync(join(options.out, "results.svg"), svg);
  console.log(`\nwritten to ${options.out}`);
  return failures === 0 ? 0 : 1;
}

/** h2load cannot send requests that vary from call to call. */
function needsLoader({ kind, varied }: Work): boolean {
  return kind === "load" && varied !== true;
}

const options = readOptions(process.argv.slice(2), join(import.meta.dirname, "../results"));
if (options === "help") console.log(usage);
else process.exitCode = await main(options);
