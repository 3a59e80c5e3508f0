// `node dist/testing/random-messages-main.js`: compares random messages of random contracts with other libraries, in processes of
// their own, each with the contracts of one seed. It exits with 1 if messages differ.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { peers, type Peer } from "./peers.js";
import { randomSuite } from "./suite.js";

/** The messages of one process: what it takes to make and compile contracts is little beside them. */
const MESSAGES_A_PROCESS = 20_000;

const usage = `pnpm random-messages [options]: compares random messages of random contracts with other libraries

  --messages <n>    how many with each library (default: 100,000)
  --peer <name>     ${Object.keys(peers).join(" or ")} (default: each; Python's library is Debian's python3-protobuf)
  --seed <n>        of the first process; each has the next one (default: 1)
  --processes <n>   how many run at once (default: one for each processor)
  --help            this text`;

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "100000" },
    peer: { type: "string" },
    seed: { type: "string", default: "1" },
    processes: { type: "string", default: String(availableParallelism()) },
    // Of a process of its own: the messages of one seed.
    one: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function positive(name: "messages" | "seed" | "processes"): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new RangeError(`--${name} is ${values[name]}: it must be a whole number of at least 1`);
}

function peerOf(name: string): Peer {
  const found = Object.entries(peers).find(([each]) => each === name);
  if (found === undefined) throw new Error(`no peer ${name}: --peer is ${Object.keys(peers).join(" or ")}`);
  return found[1];
}

/** Compares the messages of one seed, of all options alike. */
async function compareOne(peer: Peer, seed: number, messages: number): Promise<void> {
  using suite = randomSuite(seed, peer.syntaxes, peer.options);
  const count = Math.ceil(messages / peer.options.length);
  for (const options of peer.options) {
    peer.compare({ suite, generated: await suite.load(options), options, seed, count });
  }
}

/** The messages of one process. */
interface Share {
  name: string;
  seed: number;
  count: number;
}

function shares(): Share[] {
  const messages = positive("messages");
  const seed = positive("seed");
  const names = values.peer === undefined ? Object.keys(peers) : [values.peer];
  names.forEach(peerOf);
  return Array.from({ length: Math.ceil(messages / MESSAGES_A_PROCESS) }, (_, index) => ({
    seed: seed + index,
    count: Math.min(MESSAGES_A_PROCESS, messages - index * MESSAGES_A_PROCESS),
  })).flatMap((share) => names.map((name) => ({ name, ...share })));
}

/** Runs a share in a process of its own. Returns false if it failed. */
async function run({ name, seed, count }: Share): Promise<boolean> {
  const args = ["--one", `--peer=${name}`, `--seed=${seed}`, `--messages=${count}`];
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [status] = (await once(child, "exit")) as [number | null];
  console.log(`${name}, seed ${seed}: ${count} messages ${status === 0 ? "are alike" : "FAILED"}`);
  return status === 0;
}

async function main(): Promise<boolean> {
  const left = shares();
  let isAlike = true;
  const runInTurn = async (): Promise<void> => {
    for (let share = left.shift(); share !== undefined; share = left.shift()) {
      if (!(await run(share))) isAlike = false;
    }
  };
  await Promise.all(Array.from({ length: positive("processes") }, runInTurn));
  return isAlike;
}

if (values.help) console.log(usage);
else if (values.one) await compareOne(peerOf(values.peer ?? ""), positive("seed"), positive("messages"));
else if (!(await main())) process.exitCode = 1;
