import { inspect } from "node:util";
import { toBinary } from "@bufbuild/protobuf";
import { fromJsonText, toJsonText } from "@callwire/protobuf";
import { askPython, type PythonAnswer, type PythonRequest } from "./python-peer.js";
import { makerAt, placeOf, schemaAt, type Slice } from "./slice.js";

/** The messages that one process of Python is asked for. */
const BATCH = 1500;

/**
 * Compares a slice with protobuf's Python library.
 *
 * @throws {Error} with the first message that is not alike.
 */
export function compareWithPython(slice: Slice): void {
  for (let from = 0; from < slice.count; from += BATCH) {
    compareBatch(slice, from, Math.min(from + BATCH, slice.count));
  }
}

function compareBatch(slice: Slice, from: number, to: number): void {
  const indexes = Array.from({ length: to - from }, (_, at) => from + at);
  const asked = indexes.map((index) => requests(slice, index));
  const answers = askInRows(slice, asked);
  const again = indexes.map((index, at) => requestsBack(slice, index, asked[at]!, answers[at]!));
  for (const [at, [theirs, ours]] of askInRows(slice, again).entries()) {
    const json = answers[at]![2];
    if (bytesOf(theirs) !== bytesOf(ours)) fail(slice, indexes[at]!, "fromJSON", ours, theirs);
    if (bytesOf(theirs) !== bytesOf(json)) fail(slice, indexes[at]!, "toJSON", json, theirs);
  }
}

/** One message as it was made, as we write it, and as we see it in JSON. */
function requests(slice: Slice, index: number): PythonRequest[] {
  const { suite, generated, options } = slice;
  const schema = schemaAt(slice, index);
  const limits = {
    registry: suite.registry,
    allLongs: true,
    allTimes: options.includes("timestamp=message"),
    unknownInAny: true,
    // json_format 3.21 looks for such an extension among the fields: "Protocol message has no … field".
    listExtensions: false,
  };
  const bytes = toBinary(schema, makerAt(slice, index, limits).message(schema));
  const type = generated.types.get(schema.typeName)!;
  const ours = type.decode(bytes);
  const json = toJsonText(type, ours, { registry: generated.registry });
  const name = schema.typeName;
  return [
    { type: name, bytes, wantsJson: true },
    { type: name, bytes: type.encode(ours).finish() },
    { type: name, json },
  ];
}

/** Python's JSON, as Python reads it and as we do. */
function requestsBack(
  slice: Slice,
  index: number,
  asked: readonly PythonRequest[],
  [theirs, ours, json]: readonly PythonAnswer[],
): PythonRequest[] {
  if (theirs?.json === undefined) return fail(slice, index, "theirs", asked[0], theirs);
  if (bytesOf(ours) !== theirs.bytes) return fail(slice, index, "bytes", ours, theirs);
  if (json?.error !== undefined) return fail(slice, index, "JSON is refused", asked[2], json);
  const { typeName } = schemaAt(slice, index);
  const type = slice.generated.types.get(typeName)!;
  const read = fromJsonText(type, theirs.json, { registry: slice.generated.registry });
  return [
    { type: typeName, json: theirs.json },
    { type: typeName, bytes: type.encode(read).finish() },
  ];
}

function fail(slice: Slice, index: number, what: string, ours: unknown, theirs: unknown): never {
  const [mine, other] = [ours, theirs].map((answer) => inspect(answer, { maxStringLength: 3000 }));
  throw new Error(`${placeOf(slice, index)}: ${what}: ours\n${mine}\ntheirs\n${other}`);
}

/** The answers to several requests for each message, in one run of Python. */
function askInRows({ suite }: Slice, rows: readonly (readonly PythonRequest[])[]): PythonAnswer[][] {
  const answers = askPython(suite.files, rows.flat());
  let at = 0;
  return rows.map((row) => answers.slice(at, (at += row.length)));
}

/** The message's bytes, or the error in place of them. */
const bytesOf = (answer: PythonAnswer | undefined) => answer?.bytes ?? answer?.error;
