import { fromJsonText, JsonError, toJsonBytes, toJsonText } from "@callwire/protobuf";
import { mustHold, resultOf, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { QueryRequest } from "../gen/callwire/edge/testing/v1/probe_service.js";

/** JSON of a message with every kind of field, read by all ways and written again. */
export const json: FuzzTarget = {
  name: "json",
  about: "JSON of a message with every kind of field, read and written again",
  covers: ["/protobuf/src/"],
  maxBytes: 500,
  isText: true,
  seeds,
  dictionary: [
    ...Object.keys(QueryRequest.fields?.() ?? {}).map((name) => `"${name}":`),
    "null",
    "true",
    "NaN",
    '"-Infinity"',
    "-0",
    "1e400",
    "9223372036854775808",
    '"18446744073709551615"',
    "1.0",
    '"1970-01-01T00:00:00.000000001Z"',
    '"-0.5s"',
    '"COLOR_RED"',
    '"__proto__":',
    "\\u0000",
    "\\ud83d\\ude00",
    "\ufeff",
    "\\ud800",
    '"AQ-_"',
  ],
  maxSteps: { base: 10_000, perByte: 1500 },
  open: () => ({ run: readAndWrite }),
};

const isJsonError = (error: unknown): boolean => error instanceof JsonError;

function readAndWrite(input: Buffer): void {
  const text = input.toString();
  const parsed = resultOf<unknown>(
    () => JSON.parse(text),
    (error) => error instanceof SyntaxError,
  );
  const options = { ignoreUnknownFields: input.length % 2 === 1 };
  const read = resultOf(() => fromJsonText(QueryRequest, text, options), isJsonError);
  const fromBytes = resultOf(() => fromJsonText(QueryRequest, Buffer.from(text), options), isJsonError);
  mustHold((read === undefined) === (fromBytes === undefined), "text and its bytes are not both taken");
  const errors: JsonError[] = [];
  const ofAll = resultOf(() => fromJsonText(QueryRequest, text, { ...options, errors }), isJsonError);
  mustHold(
    (read === undefined) === (ofAll === undefined || errors.length > 0),
    `where all errors are told, there are ${errors.length}`,
  );
  if (read === undefined) return;
  mustHold(parsed !== undefined, "what is no JSON is taken");
  mustHold(same(read.value, fromBytes?.value), "the bytes are another message than the text");
  const written = toJsonText(QueryRequest, read.value);
  mustHold(
    Buffer.from(toJsonBytes(QueryRequest, read.value)).toString() === written,
    "the bytes that are written are others than the text",
  );
  mustHold(
    withoutZeros(JSON.parse(written)) === withoutZeros(QueryRequest.toJSON(read.value)),
    "the text is another one than that of the object",
  );
  const again = fromJsonText(QueryRequest, written);
  mustHold(same(read.value, again), "the message is another one after a round trip");
  mustHold(toJsonText(QueryRequest, again) === written, "the text is another one after a second round trip");
  // JSON.parse rounds integers of 64 bits that stand without quotes.
  const plain = resultOf(() => QueryRequest.fromJSON(parsed.value, options), isJsonError);
  if (/\d{16}/.test(text)) return;
  mustHold(plain !== undefined, "the parsed text is refused");
  mustHold(same(read.value, plain.value), "the parsed text is another message");
}

/** As text, without the sign of zeros: in an object a negative zero is a text, as JSON.stringify would lose it, or loses it. */
function withoutZeros(json: unknown): string {
  return JSON.stringify(json, (_key, value: unknown) => (value === "-0" ? 0 : value));
}

/** Deeply equal by what is sent, which tells -0 from 0 and takes bytes of all classes. */
function same(a: QueryRequest, b: QueryRequest | undefined): boolean {
  if (b === undefined) return false;
  return Buffer.from(QueryRequest.encode(a).finish()).equals(QueryRequest.encode(b).finish());
}

function seeds(): string[] {
  const message = QueryRequest.fromPartial({
    doubleValue: -1.5e-7,
    floatValue: Number.POSITIVE_INFINITY,
    int32Value: -1,
    uint32Value: 4_294_967_295,
    boolValue: true,
    stringValue: 'é\n"\u2028',
    bytesValue: Uint8Array.of(0xfb, 0xff),
    color: 1,
    optionalValue: "",
    strings: ["a", ""],
    ints: [0, -1],
    colors: [2, 0],
    messages: [{}, { int32Value: 1 }],
    nested: { nested: {} },
  });
  const texts = [
    '{"timestamp":"2026-01-31T23:59:59.999999999+14:00","duration":"-315576000000.999999999s","mask":"a,bC.d"}',
    '{"struct":{"a":[null,true,1,"b",{}]},"value":[1e3]}',
    '{"doubleWrapper":"NaN","int64Wrapper":"-1","boolWrapper":false,"stringWrapper":"","bytesWrapper":"AQ==","uint32Wrapper":1}',
    '{"stringMap":{"a":"b"},"intMap":{"-1":"a"},"numberMap":{"":"1"},"boolMap":{"true":"x"},"messageMap":{"k":{}}}',
    '{"choiceText":"a"}',
    '{"doubleValue":-0,"floatValue":"-0","doubleWrapper":-0.0}',
    '{"choice_number":1,"otherName":"x","int64_value":9007199254740993,"uint64Value":"1"}',
    ' { "int32Value" : 1.0e0 , "unknown" : { "a" : [ ] } } ',
  ];
  return [toJsonText(QueryRequest, message), ...texts];
}
