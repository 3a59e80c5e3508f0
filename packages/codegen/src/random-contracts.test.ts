import { afterAll, describe, test } from "@jest/globals";
import { Comparison } from "./testing/comparison.js";
import { MessageMaker } from "./testing/random-message.js";
import { Random } from "./testing/random.js";
import { randomSuite } from "./testing/suite.js";

// By hand: RANDOM_MESSAGES=1000000 RANDOM_SEED=7. A failure says which seed and which message.
const COUNT = Number(process.env["RANDOM_MESSAGES"] ?? 2100);
const SEED = Number(process.env["RANDOM_SEED"] ?? 1);

const options = [
  "",
  "timestamp=message",
  "map=object",
  "int64=string,oneof=properties,map=object,timestamp=message",
  "int64=number,oneof=properties",
  "int64=number,map=object",
  "int64=string,unknown_fields=false",
];

const suite = randomSuite(
  SEED,
  ["proto2", "proto3", "edition 2023", "proto3", "proto2", "edition 2023"],
  options,
);
afterAll(() => suite[Symbol.dispose]());

describe("random messages of random contracts, beside protobuf-es", () => {
  test.each(options)(
    "are the same in bytes and JSON: %p",
    async (parameter) => {
      const generated = await suite.load(parameter);
      const limits = {
        registry: suite.registry,
        allLongs: !parameter.includes("int64=number"),
        listExtensions: true,
        unknownInAny: !parameter.includes("unknown_fields=false"),
        allTimes: parameter.includes("timestamp=message"),
      };
      const comparisons = suite.types.map(
        (schema) =>
          new Comparison(suite.registry, schema, generated, !parameter.includes("unknown_fields=false")),
      );
      for (let index = 0; index < COUNT / options.length; index++) {
        const maker = new MessageMaker(new Random(SEED * 1_000_003 + index), limits);
        const at = index % suite.types.length;
        const schema = suite.types[at]!;
        try {
          comparisons[at]!.compare(maker);
        } catch (error) {
          const contract = suite.contracts.find(({ package: name }) => name === schema.file.proto.package);
          const where = `RANDOM_SEED=${SEED}, message ${index}, ${schema.typeName}, options "${parameter}"`;
          const what = error instanceof Error ? error.message : String(error);
          throw new Error(
            `${where}: ${what}
${contract!.text}`,
            { cause: error },
          );
        }
      }
    },
    Math.max(20_000, COUNT * 20),
  );
});
