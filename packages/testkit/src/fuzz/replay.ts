import { join } from "node:path";
import { asBytes, readCorpus, toLine } from "./corpus.js";
import type { FuzzTarget } from "./fuzz-target.js";

/**
 * Runs the seeds of a target, every input of its corpus and every one that failed once.
 *
 * @param folder The folder of the corpora: `<name>.txt`, and `<name>.found.txt` with what failed.
 * @returns The number of inputs.
 * @throws {Error} The input as its line in the corpus, with the failure as its cause.
 */
export async function replayCorpus(target: FuzzTarget, folder: string): Promise<number> {
  const inputs = [
    ...asBytes(target.seeds()),
    ...readCorpus(join(folder, `${target.name}.txt`)),
    ...readCorpus(join(folder, `${target.name}.found.txt`)),
  ];
  const session = await target.open();
  try {
    for (const input of inputs) {
      try {
        await session.run(input);
      } catch (cause) {
        throw new Error(`${target.name} fails: ${toLine(input, target.isText)}`, { cause });
      }
    }
  } finally {
    await session.close?.();
  }
  return inputs.length;
}
