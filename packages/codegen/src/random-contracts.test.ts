import { afterAll, describe, test } from "@jest/globals";
import { peers } from "./testing/peers.js";
import { randomSuite } from "./testing/suite.js";

// `pnpm random-messages` compares as many as one likes.
const COUNT = 80;
const SEED = 1;

const { syntaxes, options: allOptions, compare } = peers["protobuf-es"];
const suite = randomSuite(SEED, syntaxes, allOptions);
afterAll(() => suite[Symbol.dispose]());

describe("random messages of random contracts, beside protobuf-es", () => {
  test.each(allOptions)("are the same in bytes and JSON: %p", async (options) => {
    compare({ suite, generated: await suite.load(options), options, seed: SEED, count: COUNT });
  });
});
