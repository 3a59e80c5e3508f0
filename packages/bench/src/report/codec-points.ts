import { codecNames, rowNames } from "../codec/codec.js";
import { atLeastTimes, ratio, type Point } from "./points.js";

/** The major versions of Node.js that the codecs must be ahead on. */
export const codecNodes = ["20", "24", "26"] as const;

const others = codecNames.filter((name) => name !== "callwire");

/** Encode and decode of a row beside the codec that is best at it, JSON among them. */
function ahead(row: string, node: string): Point {
  const work = `codec-${row}-node-${node}`;
  return {
    point: `codec, ${row}, Node.js ${node}`,
    wanted: "> 1 × the best other",
    value: (of) => {
      // The best one is not known if one was not measured.
      const best = Math.max(...others.map((name) => of(work, name)?.rate ?? NaN));
      return Number.isNaN(best) ? undefined : ratio(of(work, "callwire")?.rate, best);
    },
    meets: (value) => value > 1,
  };
}

function besideJson(row: string): Point {
  const work = `codec-${row}-node-20`;
  const point = `codec, ${row}, Node.js 20`;
  return atLeastTimes(point, { work, peer: "callwire" }, { work, peer: "json" }, 5);
}

function byHand(row: string, node: string): Point {
  const work = `json-${row}-node-${node}`;
  const point = `JSON, ${row}, Node.js ${node}`;
  return atLeastTimes(point, { work, peer: "json-callwire" }, { work, peer: "json-by-hand" }, 1);
}

/** The goals of generated code: the binary format, and protobuf's JSON format. */
export const codecPoints: readonly Point[] = [
  besideJson("user"),
  besideJson("page"),
  ...codecNodes.flatMap((node) => rowNames.map((row) => ahead(row, node))),
  ...codecNodes.flatMap((node) => rowNames.map((row) => byHand(row, node))),
];
