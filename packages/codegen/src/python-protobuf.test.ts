import { afterAll, describe, test } from "@jest/globals";
import { peers } from "./testing/peers.js";
import { hasPython } from "./testing/python-peer.js";
import { randomSuite } from "./testing/suite.js";

// `pnpm random-messages` compares as many as one likes.
const COUNT = 1000;
const SEED = 1;

const describeWithPython = hasPython() ? describe : describe.skip;

describeWithPython("random messages of random contracts, beside protobuf's Python library", () => {
  const { syntaxes, options: allOptions, compare } = peers.python;
  const suite = randomSuite(SEED, syntaxes, allOptions);
  afterAll(() => suite[Symbol.dispose]());

  test.each(allOptions)("are the same in bytes and JSON: %p", async (options) => {
    compare({ suite, generated: await suite.load(options), options, seed: SEED, count: COUNT });
  });
});
