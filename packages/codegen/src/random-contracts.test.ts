import {
  type DescMessage,
  fromBinary,
  fromJson,
  getExtension as theirExtension,
  hasExtension as hasTheirExtension,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import {
  fromJsonText,
  getExtension,
  hasExtension,
  type MessageType,
  setExtension,
  toJsonText,
} from "@callwire/protobuf";
import { afterAll, describe, test } from "@jest/globals";
import { difference } from "./testing/difference.js";
import { MessageMaker } from "./testing/random-message.js";
import { makeSuite, type Generated } from "./testing/random-suite.js";
import { Random } from "./testing/random.js";

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

const suite = makeSuite(
  SEED,
  ["proto2", "proto3", "edition 2023", "proto3", "proto2", "edition 2023"],
  options,
);
afterAll(() => suite[Symbol.dispose]());

type Plain = Record<string, unknown>;

/** One message of protobuf-es, through our code and back. */
class Comparison {
  readonly #schema: DescMessage;
  readonly #type: MessageType<Plain>;
  readonly #generated: Generated;
  readonly #keepsUnknown: boolean;

  constructor(schema: DescMessage, generated: Generated, keepsUnknown: boolean) {
    this.#schema = schema;
    this.#generated = generated;
    this.#keepsUnknown = keepsUnknown;
    this.#type = generated.modules.get(schema.file.proto.package)![schema.name]!;
  }

  compare(maker: MessageMaker): void {
    const schema = this.#schema;
    const type = this.#type;
    const theirs = maker.message(schema);
    const { hasNullValue } = maker;
    const bytes = toBinary(schema, theirs);
    const ours = type.decode(bytes);
    this.#isSame("decode, encode", this.#coded(ours), this.#kept(bytes));
    if (!hasNullValue)
      this.#isSame("fromPartial", this.#coded(type.fromPartial(ours)), this.#kept(bytes, false));

    // What was read may be followed by more of the same message, which is merged into it.
    const both = Buffer.concat([bytes, toBinary(schema, maker.message(schema))]);
    this.#isSame("two messages in a row", this.#coded(type.decode(both)), this.#kept(both));

    this.#compareJson(fromBinary(schema, this.#kept(bytes)), ours, hasNullValue);
    this.#compareExtensions(fromBinary(schema, this.#kept(bytes)), ours);
  }

  #compareJson(theirs: Message, ours: Plain, hasNullValue: boolean): void {
    const schema = this.#schema;
    const type = this.#type;
    const { registry } = suite;
    const json = toJson(schema, theirs, { registry });
    const read = (value: unknown) => toBinary(schema, fromJson(schema, value as JsonValue, { registry }));
    const bytes = read(json);
    const mine = { registry: this.#generated.registry };
    this.#isSame("toJSON", read(type.toJSON(ours, mine)), bytes);
    this.#isSame("fromJSON", this.#coded(type.fromJSON(json, mine)), bytes);
    const text = toJsonText(type, ours, mine);
    this.#isSame("toJsonText", read(JSON.parse(text)), bytes);
    this.#isSame("fromJsonText", this.#coded(fromJsonText(type, text, mine)), bytes);
    this.#isEqual("JSON", type.toJSON(ours, mine), json);
    if (hasNullValue) return;
    this.#isEqual(
      "JSON with options",
      type.toJSON(ours, { ...mine, alwaysEmitImplicit: true, originalNames: true, enumsAsIntegers: true }),
      toJson(schema, theirs, {
        registry,
        alwaysEmitImplicit: true,
        useProtoFieldName: true,
        enumAsInteger: true,
      }),
    );
  }

  #compareExtensions(theirs: Message, ours: Plain): void {
    for (const extension of this.#generated.extensions) {
      if (extension.extendee !== this.#schema.typeName) continue;
      const described = suite.registry.getExtension(extension.name)!;
      const isThere = hasTheirExtension(theirs, described);
      this.#isEqual(`has ${extension.name}`, hasExtension(ours, extension), isThere);
      if (!isThere) continue;
      const copy = this.#type.create();
      setExtension(copy, extension, getExtension(ours, extension));
      const back = fromBinary(this.#schema, this.#type.encode(copy).finish());
      if (this.#keepsUnknown)
        this.#isEqual(extension.name, theirExtension(back, described), theirExtension(theirs, described));
    }
  }

  /** Our bytes as theirs: maps have an order then, and numbers that are none one form. */
  #coded(message: Plain): Uint8Array {
    return this.#normal(this.#type.encode(message).finish());
  }

  #normal(bytes: Uint8Array): Uint8Array {
    return toBinary(this.#schema, fromBinary(this.#schema, bytes));
  }

  /** Their bytes, without the fields that our message does not keep. */
  #kept(bytes: Uint8Array, readUnknownFields = this.#keepsUnknown): Uint8Array {
    return toBinary(this.#schema, fromBinary(this.#schema, bytes, { readUnknownFields }));
  }

  #isSame(what: string, ours: Uint8Array, theirs: Uint8Array): void {
    if (Buffer.from(ours).equals(theirs)) return;
    const [mine, other] = [ours, theirs].map((bytes) => fromBinary(this.#schema, bytes));
    throw new Error(`${what}: ${difference(mine, other) ?? Buffer.from(theirs).toString("hex")}`);
  }

  #isEqual(what: string, ours: unknown, theirs: unknown): void {
    const found = difference(ours, theirs);
    if (found !== undefined) throw new Error(`${what}: ${found}`);
  }
}

describe("random messages of random contracts, beside protobuf-es", () => {
  test.each(options)(
    "are the same in bytes and JSON: %p",
    async (parameter) => {
      const generated = await suite.load(parameter);
      const limits = {
        registry: suite.registry,
        allLongs: !parameter.includes("int64=number"),
        unknownInAny: !parameter.includes("unknown_fields=false"),
        allTimes: parameter.includes("timestamp=message"),
      };
      const comparisons = suite.types.map(
        (schema) => new Comparison(schema, generated, !parameter.includes("unknown_fields=false")),
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
