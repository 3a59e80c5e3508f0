import type { CodecName, CodecTimes } from "../codec/codec.js";
import { builtProgram } from "./built.js";
import { RunningProgram } from "./programs.js";

/** Measures one codec, in a process of its own. */
export async function measureCodec(name: CodecName, measureMs: number): Promise<CodecTimes> {
  const program = [process.execPath, builtProgram("codec", "main.js")];
  await using codec = new RunningProgram(1, program, [name, String(measureMs)]);
  return await codec.answer<CodecTimes>();
}
