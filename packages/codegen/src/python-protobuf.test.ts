import { inspect } from "node:util";
import { toBinary, type DescMessage } from "@bufbuild/protobuf";
import { fromJsonText, toJsonText } from "@callwire/protobuf";
import { afterAll, describe, test } from "@jest/globals";
import { askPython, hasPython, type PythonAnswer, type PythonRequest } from "./testing/python-peer.js";
import { MessageMaker } from "./testing/random-message.js";
import { Random } from "./testing/random.js";
import { randomSuite, type Generated, type Suite } from "./testing/suite.js";

// By hand: RANDOM_MESSAGES=1000000 RANDOM_SEED=7. A failure says which seed and which message.
const COUNT = Number(process.env["RANDOM_MESSAGES"] ?? 3000);
const SEED = Number(process.env["RANDOM_SEED"] ?? 1);
/** The messages that one process of Python is asked for. */
const BATCH = 1500;

const options = ["", "int64=string,oneof=properties,map=object,timestamp=message"];
const PER_OPTIONS = Math.ceil(COUNT / options.length);

/** Compares what the plugin made, under one set of options, with Python's library. */
class Comparison {
  readonly #suite: Suite;
  readonly #generated: Generated;
  readonly #options: string;

  constructor(suite: Suite, generated: Generated, parameter: string) {
    this.#suite = suite;
    this.#generated = generated;
    this.#options = parameter;
  }

  /** @throws {Error} with the first message of the batch that is not alike. */
  compare(from: number, to: number): void {
    const indexes = Array.from({ length: to - from }, (_, at) => from + at);
    const asked = indexes.map((index) => this.#requests(index));
    const answers = askInRows(this.#suite, asked);
    const again = indexes.map((index, at) => this.#requestsBack(index, asked[at]!, answers[at]!));
    for (const [at, [theirs, ours]] of askInRows(this.#suite, again).entries()) {
      const json = answers[at]![2];
      if (bytesOf(theirs) !== bytesOf(ours)) this.#fail(indexes[at]!, "fromJSON", ours, theirs);
      if (bytesOf(theirs) !== bytesOf(json)) this.#fail(indexes[at]!, "toJSON", json, theirs);
    }
  }

  /** One message as it was made, as we write it, and as we see it in JSON. */
  #requests(index: number): PythonRequest[] {
    const schema = this.#schemaOf(index);
    const limits = {
      registry: this.#suite.registry,
      allLongs: true,
      allTimes: this.#options.includes("timestamp=message"),
      unknownInAny: true,
      // json_format 3.21 looks for such an extension among the fields: "Protocol message has no … field".
      listExtensions: false,
    };
    const maker = new MessageMaker(new Random(SEED * 1_000_003 + index), limits);
    const bytes = toBinary(schema, maker.message(schema));
    const type = this.#typeOf(schema);
    const ours = type.decode(bytes);
    const json = toJsonText(type, ours, { registry: this.#generated.registry });
    const name = schema.typeName;
    return [
      { type: name, bytes },
      { type: name, bytes: type.encode(ours).finish() },
      { type: name, json },
    ];
  }

  /** Python's JSON, as Python reads it and as we do. */
  #requestsBack(
    index: number,
    asked: readonly PythonRequest[],
    [theirs, ours, json]: readonly Answer[],
  ): PythonRequest[] {
    if (!("json" in theirs!)) return this.#fail(index, "theirs", asked[0], theirs);
    if (bytesOf(ours) !== theirs.bytes) return this.#fail(index, "bytes", ours, theirs);
    if (!("json" in json!)) return this.#fail(index, "JSON is refused", asked[2], json);
    const schema = this.#schemaOf(index);
    const type = this.#typeOf(schema);
    const read = fromJsonText(type, theirs.json, { registry: this.#generated.registry });
    return [
      { type: schema.typeName, json: theirs.json },
      { type: schema.typeName, bytes: type.encode(read).finish() },
    ];
  }

  #schemaOf(index: number): DescMessage {
    const { types } = this.#suite;
    return types[index % types.length]!;
  }

  #typeOf(schema: DescMessage) {
    return this.#generated.types.get(schema.typeName)!;
  }

  #fail(index: number, what: string, ours: unknown, theirs: unknown): never {
    const { typeName } = this.#schemaOf(index);
    const where = `RANDOM_SEED=${SEED}, message ${index}, ${typeName}, options "${this.#options}"`;
    const [mine, other] = [ours, theirs].map((answer) => inspect(answer, { maxStringLength: 3000 }));
    throw new Error(`${where}: ${what}: ours\n${mine}\ntheirs\n${other}`);
  }
}

type Answer = PythonAnswer | { error: string };

/** The answers to several requests for each message, in one run of Python. */
function askInRows({ files }: Suite, requests: readonly (readonly PythonRequest[])[]): Answer[][] {
  const answers = askPython(files, requests.flat());
  let at = 0;
  return requests.map((row) => answers.slice(at, (at += row.length)));
}

/** The message's bytes, or the error in place of them. */
const bytesOf = (answer: Answer | undefined) =>
  answer !== undefined && "bytes" in answer ? answer.bytes : answer?.error;

const describeWithPython = hasPython() ? describe : describe.skip;

describeWithPython("random messages of random contracts, beside protobuf's Python library", () => {
  // Debian's release is older than editions.
  const suite = randomSuite(SEED, ["proto2", "proto3", "proto3", "proto2"], options);
  afterAll(() => suite[Symbol.dispose]());

  test.each(options)(
    "are the same in bytes and JSON: %p",
    async (parameter) => {
      const comparison = new Comparison(suite, await suite.load(parameter), parameter);
      for (let from = 0; from < PER_OPTIONS; from += BATCH) {
        comparison.compare(from, Math.min(from + BATCH, PER_OPTIONS));
      }
    },
    Math.max(20_000, COUNT * 20),
  );
});
