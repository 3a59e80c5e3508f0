import type { CodecName, CodecTimes, JsonName, RowName } from "../codec/codec.js";
import { builtProgram } from "./built.js";
import { nodeProgram } from "./nodes.js";
import { RunningProgram } from "./programs.js";

/** One row on one Node.js. */
export interface CodecRow {
  row: RowName;
  /** A whole version. */
  node: string;
  /** They take their turns. */
  codecs: readonly (CodecName | JsonName)[];
}

/** Measures one codec, in a process of its own. */
export async function measureCodec(
  name: CodecName | JsonName,
  { row, node }: CodecRow,
  measureMs: number,
): Promise<CodecTimes> {
  const program = [nodeProgram(node), builtProgram("codec", "main.js")];
  await using codec = new RunningProgram(1, program, [name, row, String(measureMs)]);
  return await codec.answer<CodecTimes>();
}
