import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { nodeVersion, ownNode } from "./nodes.js";
import { peerNames, type PeerName, type PeerOptions } from "./peers.js";

/** The work of a run, and its length. */
export interface RunOptions extends Omit<PeerOptions, "install"> {
  /** Names of work, or what they begin with. */
  only: string[] | undefined;
  peers: readonly PeerName[];
  /** Versions of Node.js, for codecs. */
  nodes: readonly string[];
  rounds: number;
  seconds: number;
  quick: boolean;
  /** Where results are written; nowhere if empty. */
  out: string;
}

export const usage = `Measures @callwire/transport side by side with others.

  --only <names>    work, or what its name begins with: unary-64,codec (default: all but million, which takes long)
  --peers <names>   ${peerNames.join(",")} (default: all)
  --nodes <names>   the versions of Node.js that codecs are measured on: 20,24,26 or whole ones (default: the one that runs this)
  --rounds <n>      how often each is measured; the median counts (default: 5; with --quick 1)
  --seconds <n>     how long each time, after as long again to warm up (default: 2; with --quick 0.5)
  --quick           a look at everything, to see that it works
  --runtime <name>  what carries the product's calls: transport or nice-grpc (default: transport)
  --before <folder> a built checkout of before, which is measured as the peer of that name
  --out <folder>    where results.json and results.svg go (default: packages/bench/results)
`;

/** Reads the command line. Throws if something in it is not known or not a number. */
export function readOptions(args: readonly string[], defaultOut: string): RunOptions | "help" {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== "--"),
    options: {
      only: { type: "string" },
      peers: { type: "string" },
      nodes: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      runtime: { type: "string", default: "transport" },
      before: { type: "string" },
      out: { type: "string", default: defaultOut },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { quick, out, runtime, before } = values;
  if (runtime !== "transport" && runtime !== "nice-grpc") {
    throw new Error(`--runtime must be transport or nice-grpc, and not ${runtime}`);
  }
  return {
    only: values.only?.split(","),
    peers: values.peers === undefined ? peerNames : values.peers.split(",").map(peerName),
    nodes: values.nodes?.split(",").map(nodeVersion) ?? [ownNode],
    rounds: positive("--rounds", values.rounds, quick ? 1 : 5),
    seconds: positive("--seconds", values.seconds, quick ? 0.5 : 2),
    quick,
    out,
    runtime,
    before: before === undefined ? undefined : resolve(before),
  };
}

function peerName(name: string): PeerName {
  const known = peerNames.find((peer) => peer === name);
  if (known === undefined) throw new Error(`no such peer: ${name}; there is ${peerNames.join(", ")}`);
  return known;
}

function positive(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!(value > 0)) throw new Error(`${name} must be a number over 0`);
  return value;
}
