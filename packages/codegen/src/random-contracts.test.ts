import {
  create,
  createFileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fromJsonText, toJsonText } from "@callwire/protobuf";
import { describe, test } from "@jest/globals";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";
import { Random, randomContract, type Syntax } from "./testing/random-contract.js";
import { randomMessage } from "./testing/random-message.js";

/** Messages of each contract and set of options. By hand: RANDOM_MESSAGES=100000, SEED=7. */
const COUNT = Number(process.env["RANDOM_MESSAGES"] ?? 40);
const SEED = Number(process.env["SEED"] ?? 1);

const options = [
  "",
  "timestamp=message",
  "int64=string,oneof=properties,map=object",
  "int64=number,oneof=properties,timestamp=message",
];

describe.each(["proto2", "proto3", "edition 2023"] as Syntax[])("random contracts of %s", (syntax) => {
  test.each(options)("agree with protobuf-es, in bytes and JSON: %p", async (parameter) => {
    const random = new Random(SEED + options.indexOf(parameter));
    const contract = randomContract(random, syntax);
    const files = describeContracts({ "random.proto": contract });
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files }));
    using compiled = compile(generateModules(files, parameter));
    const exported = await compiled.load("random.ts");
    for (let index = 0; index < COUNT; index++) {
      const name = `M${random.below(4)}`;
      const schema = registry.getMessage(`random.${name}`)!;
      const type = exported[name]!;
      const theirs = randomMessage(random, schema);
      const bytes = toBinary(schema, theirs);
      const say = (what: string) => `${what}, seed ${SEED}, message ${index}, ${name}\n${contract}`;
      /** Bytes compare what is no number, and negative zero, too. */
      const isSame = (other: Message, what: string) => {
        if (!Buffer.from(toBinary(schema, other)).equals(bytes)) throw new Error(what);
      };
      const coded = (message: Record<string, unknown>) => fromBinary(schema, type.encode(message).finish());
      try {
        const ours = type.decode(bytes);
        isSame(coded(ours), "bytes");
        isSame(fromJson(schema, type.toJSON(ours) as JsonValue), "toJSON");
        isSame(coded(type.fromJSON(toJson(schema, theirs))), "fromJSON");
        isSame(coded(fromJsonText(type, toJsonText(type, ours))), "text");
        isSame(coded(type.fromPartial(ours)), "fromPartial");
      } catch (error) {
        throw new Error(say(error instanceof Error ? error.message : String(error)), { cause: error });
      }
    }
  });
});
