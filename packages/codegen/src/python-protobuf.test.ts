import { inspect } from "node:util";
import { toBinary } from "@bufbuild/protobuf";
import { fromJsonText, toJsonText, type MessageType } from "@callwire/protobuf";
import { afterAll, describe, test } from "@jest/globals";
import { askPython, hasPython, type PythonRequest } from "./testing/python-peer.js";
import { MessageMaker } from "./testing/random-message.js";
import { makeSuite } from "./testing/random-suite.js";
import { Random } from "./testing/random.js";

// By hand: RANDOM_MESSAGES=1000000 RANDOM_SEED=7. A failure says which seed and which message.
const COUNT = Number(process.env["RANDOM_MESSAGES"] ?? 3000);
const SEED = Number(process.env["RANDOM_SEED"] ?? 1);
/** The messages that one process of Python is asked for. */
const BATCH = 1000;

const options = ["", "int64=string,oneof=properties,map=object,timestamp=message"];

const describeWithPython = hasPython() ? describe : describe.skip;

describeWithPython("random messages of random contracts, beside protobuf's Python library", () => {
  // Debian's release is older than editions.
  const suite = makeSuite(SEED, ["proto2", "proto3", "proto3", "proto2"], options);
  afterAll(() => suite[Symbol.dispose]());

  test.each(options)(
    "are the same in bytes and JSON: %p",
    async (parameter) => {
      const { modules, registry } = await suite.load(parameter);
      const limits = {
        registry: suite.registry,
        allLongs: true,
        allTimes: parameter.includes("timestamp=message"),
        unknownInAny: true,
        // json_format 3.21 looks for such an extension among the fields: "Protocol message has no … field".
        listExtensions: false,
      };
      const typeOf = (index: number): MessageType<object> => {
        const schema = suite.types[index % suite.types.length]!;
        return modules.get(schema.file.proto.package)![schema.name]!;
      };
      const fail = (index: number, what: string, ours: unknown, theirs: unknown): never => {
        const where = `RANDOM_SEED=${SEED}, message ${index}, ${typeOf(index).typeName}, options "${parameter}"`;
        const [mine, other] = [ours, theirs].map((answer) => inspect(answer, { maxStringLength: 3000 }));
        throw new Error(`${where}: ${what}: ours\n${mine}\ntheirs\n${other}`);
      };
      for (let from = 0; from < COUNT / options.length; from += BATCH) {
        const indexes = Array.from(
          { length: Math.min(BATCH, COUNT / options.length - from) },
          (_, at) => from + at,
        );
        const asked = indexes.flatMap((index): PythonRequest[] => {
          const schema = suite.types[index % suite.types.length]!;
          const bytes = toBinary(
            schema,
            new MessageMaker(new Random(SEED * 1_000_003 + index), limits).message(schema),
          );
          const type = typeOf(index);
          const ours = type.decode(bytes);
          const named = { type: type.typeName };
          return [
            { ...named, bytes },
            { ...named, bytes: type.encode(ours).finish() },
            { ...named, json: toJsonText(type, ours, { registry }) },
          ];
        });
        const answers = askPython(suite.files, asked);
        const back = indexes.flatMap((index, at): PythonRequest[] => {
          const [theirs, ours, json] = answers.slice(at * 3, at * 3 + 3);
          if (!("json" in theirs!)) return fail(index, "theirs", asked[at * 3], theirs);
          if (!("json" in ours!) || ours.bytes !== theirs.bytes) return fail(index, "bytes", ours, theirs);
          if (!("json" in json!)) return fail(index, "JSON is refused", asked[at * 3 + 2], json);
          const type = typeOf(index);
          return [
            { type: type.typeName, json: theirs.json },
            {
              type: type.typeName,
              bytes: type.encode(fromJsonText(type, theirs.json, { registry })).finish(),
            },
          ];
        });
        for (const [at, [theirs, ours]] of askInPairs(back).entries()) {
          const index = indexes[at]!;
          const json = answers[at * 3 + 2]!;
          if (!("json" in theirs) || !("json" in ours) || theirs.bytes !== ours.bytes)
            fail(index, "fromJSON", ours, theirs);
          if (!("json" in theirs) || !("json" in json) || theirs.bytes !== json.bytes)
            fail(index, "toJSON", json, theirs);
        }
      }
    },
    Math.max(20_000, COUNT * 20),
  );

  function askInPairs(requests: readonly PythonRequest[]) {
    const answers = askPython(suite.files, requests);
    return Array.from(
      { length: answers.length / 2 },
      (_, at) => [answers[at * 2]!, answers[at * 2 + 1]!] as const,
    );
  }
});
