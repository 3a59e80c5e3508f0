// Encodes and decodes the messages of a row with a codec, for so many milliseconds each; prints CodecTimes. Arguments: the codec,
// the row, the milliseconds. A process for each: what one codec or message makes of shared code, the next one would not have.
import { performance } from "node:perf_hooks";
import { checkCodec } from "./check-codec.js";
import type { CodecName, CodecTimes, JsonName, RowName } from "./codec.js";
import { loadCodec } from "./load-codec.js";
import { messagesOf, rows } from "./rows.js";

/** Takes every result, so that no call can be left out for want of use. */
let sink: unknown;

/** Nanoseconds a call, over the inputs in turn. */
function time<T>(ms: number, batch: number, inputs: readonly T[], call: (input: T) => unknown): number {
  const began = performance.now();
  let calls = 0;
  for (let next = 0; performance.now() - began < ms; calls += batch) {
    for (let index = 0; index < batch; index++) {
      sink = call(inputs[next]!);
      if (++next === inputs.length) next = 0;
    }
  }
  return ((performance.now() - began) * 1e6) / calls;
}

async function measure(name: CodecName | JsonName, row: RowName, ms: number): Promise<CodecTimes> {
  const codec = await loadCodec(name);
  const { encode, decode } = codec.coder(row);
  const messages = messagesOf(row).map((message) => codec.native(row, message));
  const { batch } = rows[row];
  // A copy: what decoding returns may refer to it, and what encoding returns to the memory of the next one.
  const encoded = messages.map((message) => {
    const made = encode(message);
    return typeof made === "string" ? made : Buffer.from(made);
  });
  const both = (): CodecTimes => ({
    encodeNs: time(ms, batch, messages, encode),
    decodeNs: time(ms, batch, encoded, decode),
  });
  both();
  const times = both();
  // Only now: other codecs have a part in it.
  await checkCodec(name, row);
  return times;
}

const [, , codec, row, ms] = process.argv;
const times = await measure(codec as CodecName | JsonName, row as RowName, Number(ms ?? 500));
if (sink === undefined) throw new Error("nothing was coded");
process.stdout.write(`${JSON.stringify(times)}\n`);
