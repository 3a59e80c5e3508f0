import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { send, serveEdge, violationsOf, type ServedEdge } from "../testing/serve-edge.js";

let served: ServedEdge;
beforeAll(async () => {
  served = await serveEdge();
});
afterAll(async () => served[Symbol.asyncDispose]());

const get = (query: string) => send(`${served.url}/v1/query?${query}`);

describe("a query sets", () => {
  test.each<[query: string, request: unknown]>([
    ["", {}],
    ["double_value=1.5", { doubleValue: 1.5 }],
    ["doubleValue=-1e300", { doubleValue: -1e300 }],
    ["double_value=NaN", { doubleValue: "NaN" }],
    ["double_value=-Infinity", { doubleValue: "-Infinity" }],
    ["float_value=2.5", { floatValue: 2.5 }],
    ["int32_value=-2147483648", { int32Value: -2_147_483_648 }],
    ["int64_value=-9223372036854775808", { int64Value: "-9223372036854775808" }],
    ["uint32_value=4294967295", { uint32Value: 4_294_967_295 }],
    ["uint64_value=18446744073709551615", { uint64Value: "18446744073709551615" }],
    ["sint64_value=-1&fixed32_value=7", { sint64Value: "-1", fixed32Value: 7 }],
    ["bool_value=true", { boolValue: true }],
    ["bool_value=false", {}],
    ["bool_value=1", { boolValue: true }],
    ["bool_value=TRUE", { boolValue: true }],
    ["bool_wrapper=0", { boolWrapper: false }],
    ["string_value=a+b%20c%2B%26%3D", { stringValue: "a b c+&=" }],
    ["string_value=%E2%82%AC", { stringValue: "€" }],
    ["string_value=", {}],
    ["string_value=a=b", { stringValue: "a=b" }],
    ["optional_value=", { optionalValue: "" }],
    ["optionalValue", { optionalValue: "" }],
    ["bytes_value=YWJjMTIzIT8kKiYoKSctPUB%2B", { bytesValue: "YWJjMTIzIT8kKiYoKSctPUB+" }],
    ["bytes_value=YWJjMTIzIT8kKiYoKSctPUB-", { bytesValue: "YWJjMTIzIT8kKiYoKSctPUB+" }],
    ["color=COLOR_BLUE", { color: "COLOR_BLUE" }],
    ["color=2", { color: "COLOR_BLUE" }],
    ["color=77", { color: 77 }],
    ["color=-1", { color: -1 }],
    // Well-known types.
    ["timestamp=2016-12-15T12:23:32.049Z", { timestamp: "2016-12-15T12:23:32.049Z" }],
    ["timestamp=2016-12-15T12:23:32%2B01:00", { timestamp: "2016-12-15T11:23:32Z" }],
    ["duration=1.5s", { duration: "1.500s" }],
    ["duration=-0.000000001s", { duration: "-0.000000001s" }],
    ["duration=13h0m0s", { duration: "46800s" }],
    ["duration=-1m1.5s", { duration: "-61.500s" }],
    ["duration=250ms", { duration: "0.250s" }],
    ["duration=0.3000000000000000000000000000004h", { duration: "1080s" }],
    ["duration=2.3ms", { duration: "0.002300s" }],
    ["duration=1.5us", { duration: "0.000001500s" }],
    ["mask=string_value,nested.int_map", { mask: "stringValue,nested.intMap" }],
    ["mask=stringValue,nested.intMap", { mask: "stringValue,nested.intMap" }],
    ["mask=", { mask: "" }],
    ['struct={"a":{"b":[1,null]}}', { struct: { a: { b: [1, null] } } }],
    ['value="text"', { value: "text" }],
    ["value=null", { value: null }],
    ["value=[1]", { value: [1] }],
    ["double_wrapper=0", { doubleWrapper: 0 }],
    ["int64_wrapper=-1", { int64Wrapper: "-1" }],
    ["bool_wrapper=false", { boolWrapper: false }],
    ["string_wrapper=", { stringWrapper: "" }],
    ["bytes_wrapper=Ynl0ZXM", { bytesWrapper: "Ynl0ZXM=" }],
    ["uint32_wrapper=4", { uint32Wrapper: 4 }],
    // Several values.
    ["strings=a&strings=b&strings=", { strings: ["a", "b", ""] }],
    ["strings=a&ints=1&strings=b&ints=-2", { strings: ["a", "b"], ints: [1, -2] }],
    ["colors=COLOR_RED&colors=2&colors=0", { colors: ["COLOR_RED", "COLOR_BLUE", "COLOR_UNSPECIFIED"] }],
    ["wrappers=1&wrappers=2", { wrappers: ["1", "2"] }],
    [
      "string_map[key]=value&stringMap[~!@%23$%25^%26*()]=x&string_map[]=e",
      { stringMap: { key: "value", "~!@#$%^&*()": "x", "": "e" } },
    ],
    [
      "int_map[-2]=a&number_map[k]=9007199254740993",
      { intMap: { "-2": "a" }, numberMap: { k: "9007199254740993" } },
    ],
    ["bool_map[true]=yes", { boolMap: { true: "yes" } }],
    ["string_map[__proto__]=x", { stringMap: JSON.parse('{"__proto__":"x"}') as unknown }],
    // Inside.
    [
      "nested.nested.string_value=t&nested.string_value=u&nested.nested.strings=a&nested.nested.strings=b",
      { nested: { stringValue: "u", nested: { stringValue: "t", strings: ["a", "b"] } } },
    ],
    ["nested.string_map[a.b]=c", { nested: { stringMap: { "a.b": "c" } } }],
    ["choice_text=a", { choiceText: "a" }],
    ["choiceNumber=0", { choiceNumber: 0 }],
    [
      "choice_message.int32_value=1&choiceMessage.stringValue=b",
      { choiceMessage: { int32Value: 1, stringValue: "b" } },
    ],
    ["json_named=a", { otherName: "a" }],
    ["otherName=a", { otherName: "a" }],
    ["&&string_value=a&", { stringValue: "a" }],
  ])("%s", async (query, request) => {
    const answer = await get(query);
    expect([answer.status, answer.json]).toEqual([200, request]);
  });
});

describe("a query is refused, by the field's path", () => {
  test.each<[query: string, violations: Record<string, string>]>([
    ["int32_value=x", { int32_value: 'not an int32: "x"' }],
    ["int32_value=", { int32_value: 'not an int32: ""' }],
    ["int32Value=2147483648", { int32_value: 'not an int32: "2147483648"' }],
    ["uint64_value=-1", { uint64_value: 'not a uint64: "-1"' }],
    ["int64_value=9223372036854775808", { int64_value: 'not an int64: "9223372036854775808"' }],
    ["float_value=1e39", { float_value: 'not a float: "1e39"' }],
    ["bool_value=2", { bool_value: 'not a bool: "2"' }],
    ["bytes_value=*", { bytes_value: 'not base64: "*"' }],
    [
      "color=GREEN",
      { color: 'not a value of the enum: "GREEN"; it has COLOR_UNSPECIFIED, COLOR_RED, COLOR_BLUE' },
    ],
    ["color=color_blue", { color: `not a value of the enum: "color_blue"; did you mean 'COLOR_BLUE'?` }],
    ["color=99999999999", { color: 'not an int32: "99999999999"' }],
    [
      "timestamp=2024-05-01",
      { timestamp: 'not a timestamp of the years 1 to 9999, as 2024-05-01T12:00:00Z is: "2024-05-01"' },
    ],
    [
      "timestamp=null",
      { timestamp: 'not a timestamp of the years 1 to 9999, as 2024-05-01T12:00:00Z is: "null"' },
    ],
    [
      "timestamp=0000-01-01T00:00:00Z",
      {
        timestamp:
          'not a timestamp of the years 1 to 9999, as 2024-05-01T12:00:00Z is: "0000-01-01T00:00:00Z"',
      },
    ],
    ["duration=null", { duration: 'not a duration: "null"' }],
    [`duration=${"1".repeat(8000)}`, { duration: `not a duration: "${"1".repeat(59)}…` }],
    ["duration=1234567890123456h", { duration: 'not a duration: "1234567890123456h"' }],
    ["duration=1h2", { duration: 'not a duration: "1h2"' }],
    ["mask=a b", { mask: 'not a path of names: "a b"' }],
    ["struct=5", { struct: "not an object: 5" }],
    ["struct={", { struct: "malformed JSON at byte 1: a key is expected, not the end" }],
    ["int32_value=1&int32Value=2", { int32_value: "one value is taken, not 2" }],
    ["nothing=1", { nothing: "no field of the request" }],
    ["strng_value=1", { strng_value: "no field of the request; did you mean 'string_value'?" }],
    ["nested.colour=1", { "nested.colour": "no field of the request; did you mean 'color'?" }],
    ["nested.nothing=1", { "nested.nothing": "no field of the request" }],
    ["string_value.x=1", { "string_value.x": "no field of the request" }],
    ["strings.x=1", { "strings.x": "no field of the request" }],
    ["timestamp.seconds=1", { "timestamp.seconds": "no field of the request" }],
    ["messages.string_value=1", { "messages.string_value": "no field of the request" }],
    ["messages=1", { "messages[0]": "messages in lists and maps have no form in a URL" }],
    ["message_map[a]=1", { 'message_map["a"]': "messages in lists and maps have no form in a URL" }],
    ["nested=1", { nested: "not one value: name a field of it, or the key of an entry in brackets" }],
    ["string_map=1", { string_map: "not one value: name a field of it, or the key of an entry in brackets" }],
    ["string_map[a]=1&string_map[a]=2", { 'string_map["a"]': "there twice" }],
    ["int_map[x]=1", { 'int_map["x"]': 'not an int32: "x"' }],
    ["ints=1&ints=x", { "ints[1]": 'not an int32: "x"' }],
    ["ints[0]=1", { ints: "not a map" }],
    ["string_value[0]=1", { string_value: "not a map" }],
    ["choice_text=a&choice_number=1", { choice_number: "a second member of its oneof" }],
    [
      "choice_text=a&choice_message.int32_value=1",
      { "choice_message.int32_value": "a second member of its oneof" },
    ],
    ["string_value=%ff", { string_value: "percent-encoding that is malformed" }],
    ["string_value=%", { string_value: "percent-encoding that is malformed" }],
    ["%zz=1", { "%zz": "percent-encoding that is malformed" }],
    [
      "__proto__=1&constructor=2",
      {
        ["__proto__"]: "no field of the request",
        constructor: "no field of the request; did you mean 'struct'?",
      },
    ],
    // All at once.
    [
      "int32_value=x&nested.bool_value=maybe&nope=1&ints=y",
      {
        nope: "no field of the request",
        int32_value: 'not an int32: "x"',
        "nested.bool_value": 'not a bool: "maybe"',
        "ints[0]": 'not an int32: "y"',
      },
    ],
  ])("%s", async (query, violations) => {
    const answer = await get(query);
    expect(answer.status).toBe(400);
    expect(new Map(Object.entries(violationsOf(answer)))).toEqual(new Map(Object.entries(violations)));
  });

  test("of a name that is deeper than a message may be", async () => {
    const name = `${"nested.".repeat(150)}string_value`;
    const answer = await get(`${name}=x`);
    expect([answer.status, violationsOf(answer)]).toEqual([400, { [name]: "no field of the request" }]);
  });

  test("with a hint for the first ten alone", async () => {
    const answer = await get(Array.from({ length: 12 }, (_, at) => `strng${at}=1`).join("&"));
    const hints = Object.values(violationsOf(answer)).map((text) => text.includes("did you mean 'strings'?"));
    expect(hints).toEqual([...Array<boolean>(10).fill(true), false, false]);
  });

  test("but for what ignoreUnknownFields passes over", async () => {
    await using lenient = await serveEdge({ options: { json: { ignoreUnknownFields: true } } });
    const answer = await send(`${lenient.url}/v1/query?nothing=1&color=GREEN&string_value=a`);
    expect([answer.status, answer.json]).toEqual([200, { stringValue: "a" }]);
  });
});
