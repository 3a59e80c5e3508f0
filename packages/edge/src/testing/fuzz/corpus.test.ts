import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { replayCorpus } from "@callwire/testkit/fuzz/replay";
import { targets } from "./targets.js";

const corpus = join(import.meta.dirname, "corpus");

test.each(targets)("$name: every input of the corpus is taken as it must be", async (target) => {
  expect(await replayCorpus(target, corpus)).toBeGreaterThan(0);
});
