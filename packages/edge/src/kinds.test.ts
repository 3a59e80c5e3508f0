import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createRegistry } from "@callwire/protobuf";
import { send, serveEdge, violationsOf, type Behind, type ServedEdge } from "./testing/serve-edge.js";
import { EchoRequest } from "./testing/gen/callwire/edge/testing/v1/kinds_service.js";
import { Duration } from "./testing/gen/google/protobuf/duration.js";
import { Timestamp } from "./testing/gen/google/protobuf/timestamp.js";

/** A field of each kind that is one value, but messages. */
const scalars = {
  doubleValue: 2.5,
  floatValue: 1.5,
  int32Value: -2147483648,
  int64Value: "-9223372036854775808",
  uint32Value: 4294967295,
  uint64Value: "18446744073709551615",
  sint32Value: 2147483647,
  sint64Value: "4611686018427387903",
  fixed32Value: 4294967295,
  fixed64Value: "9223372036854775807",
  sfixed32Value: 2147483647,
  sfixed64Value: "-4611686018427387904",
  boolValue: true,
  text: "a b/ä",
  bytesValue: "AP8=",
  level: "LEVEL_FIRST",
};

const lists = {
  doubles: [1, "NaN", "-Infinity", 1e308],
  floats: [1.5, "Infinity"],
  int32s: [1, -1],
  int64s: ["1", "-1"],
  uint32s: [1],
  uint64s: ["2"],
  sint32s: [-1],
  sint64s: ["-2"],
  fixed32s: [3],
  fixed64s: ["4"],
  sfixed32s: [-3],
  sfixed64s: ["-4"],
  bools: [true, false],
  texts: ["a", "", "c"],
  manyBytes: ["", "AA=="],
  levels: ["LEVEL_FIRST", "LEVEL_SECOND", 7],
  expanded: [1, 2],
};

const maps = {
  byInt32: { "-1": 1.5 },
  byInt64: { "-9223372036854775808": 1.5 },
  byUint32: { "4294967295": -2 },
  byUint64: { "18446744073709551615": "-3" },
  bySint32: { "-2": 3 },
  bySint64: { "-3": "4" },
  byFixed32: { "1": true },
  byFixed64: { "2": "AA==" },
  bySfixed32: { "-1": "LEVEL_SECOND" },
  byBool: { true: "2020-01-01T00:00:00Z", false: "1969-12-31T23:59:59.500Z" },
  byText: JSON.parse('{"": "e", "__proto__": "p", "constructor": "c", "a.b": "d", "k[0]": "f"}') as object,
  wrappersByText: { k: "2" },
};

const wellKnown = {
  timestamp: "2016-05-10T10:19:13.123Z",
  duration: "123.456s",
  mask: "a,bC.dE,*,f.*.g",
  struct: { foo_bar: true, n: null, deep: [{ a: {} }] },
  value: 123.4,
  list: [1, [null]],
  any: { "@type": "type.googleapis.com/callwire.edge.testing.v1.EchoRequest", texts: ["a"] },
  doubleWrapper: 123.456,
  floatWrapper: 123.456,
  int64Wrapper: "-123",
  uint64Wrapper: "123",
  int32Wrapper: -123,
  uint32Wrapper: 123,
  boolWrapper: false,
  textWrapper: "",
  bytesWrapper: "",
};

const wellKnownLists = {
  valuesByText: { n: null, o: { b: [1] } },
  timestamps: ["1970-01-01T00:00:00Z"],
  durations: ["-0.500s", "60s"],
  wrappers: ["1"],
  values: [null, "1", 1, { a: true }],
  anys: [{ "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" }],
};

const messages = {
  inner: { inner: { text: "deep" } },
  inners: [{}, { text: "a" }],
  bySfixed64: { "-1": { int32Value: 1 } },
  empty: {},
};

/** Names that are not usual: by JSON, by the contract. */
const names = { camelCase: "a", UPPER: "b", enGB: "c", line2: "d", Other_Name: "e" };
const contractNames = { camelCase: "a", UPPER: "b", en_GB: "c", line_2: "d", renamed: "e" };

const withPresence = {
  optionalDouble: 0,
  optionalInt32: 0,
  optionalInt64: "0",
  optionalBool: false,
  optionalText: "",
  optionalBytes: "",
  optionalLevel: "LEVEL_UNSPECIFIED",
};

/** A query of JSON: what a URL has a form for. */
function queryOf(json: object, prefix = "kinds."): string {
  const parameter = (name: string, value: unknown): string => {
    // These are JSON in a URL, too.
    const isJson = /\b(?:struct|value|list|any|values|anys|valuesByText\[.*)$/.test(name);
    const given = typeof value === "string" && !isJson ? value : JSON.stringify(value);
    return `${encodeURIComponent(prefix + name)}=${encodeURIComponent(given)}`;
  };
  const isJson = (key: string): boolean => ["struct", "value", "list", "any"].includes(key);
  return Object.entries(json)
    .flatMap(([key, value]) => {
      if (isJson(key) || typeof value !== "object" || value === null) return parameter(key, value);
      if (Array.isArray(value)) return value.map((item) => parameter(key, item));
      return Object.entries(value as object).map(([entry, item]) => parameter(`${key}[${entry}]`, item));
    })
    .join("&");
}

describe.each<Behind>(["server", "channel", "channel, by descriptors"])("before a %s", (behind) => {
  let served: ServedEdge;
  beforeAll(async () => {
    const registry = createRegistry(Timestamp, Duration, EchoRequest);
    served = await serveEdge({ behind, options: { json: { registry } } });
  });
  afterAll(async () => served[Symbol.asyncDispose]());

  const post = (json: unknown) => send(`${served.url}/v1/kinds`, { method: "POST", json });
  const get = (path: string) => send(served.url + path);

  test.each<[string, object, object?]>([
    ["scalars", scalars],
    ["fields with presence", withPresence],
    ["lists", lists],
    ["maps", maps],
    ["well-known types", wellKnown],
    ["lists and maps of them", wellKnownLists],
    ["messages", messages],
    ["names of JSON", names],
    ["names of the contract", contractNames, names],
    ["one of several, a text", { chosenText: "" }],
    ["one of several, a number", { chosenNumber: 0 }],
    ["one of several, an enum", { chosenLevel: "LEVEL_UNSPECIFIED" }],
    ["one of several, a message", { chosenMessage: {} }],
    ["one of several, Empty", { chosenEmpty: {} }],
    ["one of several, a wrapper", { chosenWrapper: false }],
    ["one of several, null", { chosenNull: null }],
    ["one of several beside null", { chosenText: null, chosenNumber: 1 }, { chosenNumber: 1 }],
    ["null in NullValue", { null: null }, {}],
    ["null in Value", { value: null, struct: null }, { value: null }],
  ])("a body has %s", async (_, json, expected = json) => {
    const answer = await post(json);
    expect([answer.status, answer.json]).toEqual([200, expected]);
  });

  test.each<[string, string, object]>([
    [
      "integers in other forms",
      '{"uint64Value": 18446744073709551615, "int64Value": -9223372036854775808, "fixed64Value": 1e3, "sfixed64Value": 1.0, "level": 1}',
      {
        uint64Value: "18446744073709551615",
        int64Value: "-9223372036854775808",
        fixed64Value: "1000",
        sfixed64Value: "1",
        level: "LEVEL_FIRST",
      },
    ],
    [
      "base64 of the other alphabet",
      '{"bytesValue": "YWJjMTIzIT8kKiYoKSctPUB-"}',
      { bytesValue: "YWJjMTIzIT8kKiYoKSctPUB+" },
    ],
    ["space around it", ' \r\n{"int32Value": 1}\n\t', { int32Value: 1 }],
    ["a byte order mark before it", '\ufeff {"int32Value": 1}', { int32Value: 1 }],
  ])("a body has %s", async (_, json, expected) => {
    const answer = await post(json);
    expect([answer.status, answer.json]).toEqual([200, expected]);
  });

  test.each<[string, string]>([
    ['{"byInt32": {"x": 1}}', 'kinds.by_int32["x"]'],
    ['{"byInt32": {"01": 1}}', 'kinds.by_int32["01"]'],
    ['{"byInt32": {"1": 1, "1e0": 2}}', 'kinds.by_int32["1e0"]'],
    ['{"byInt32": {"1": null}}', 'kinds.by_int32["1"]'],
    ['{"byBool": {"True": "2020-01-01T00:00:00Z"}}', 'kinds.by_bool["True"]'],
    ['{"texts": [null]}', "kinds.texts[0]"],
    ['{"chosenText": "a", "chosenNumber": 1}', "kinds.chosen_number"],
    ['{"chosenText": "a", "chosenNull": null}', "kinds.chosen_null"],
    ['{"empty": {"a": 1}}', "kinds.empty.a"],
    ['{"null": 1}', "kinds.null"],
    ['{"any": {"@type": "x/unknown.Type"}}', "kinds.any"],
    ['{"any": {"texts": []}}', "kinds.any"],
    ['{"mask": "a_b"}', "kinds.mask"],
    ['{"mask": "a..b"}', "kinds.mask"],
    ['{"mask": ".a"}', "kinds.mask"],
    ['{"mask": "a,,b"}', "kinds.mask"],
    ['{"mask": "a*"}', "kinds.mask"],
    ['{"camel_case": "a"}', "kinds.camel_case"],
    ['{"int32Value": 1}{}', "kinds"],
    ['{"int32Value": 1}.', "kinds"],
  ])("a body is refused: %s", async (json, field) => {
    const answer = await post(json);
    expect([answer.status, Object.keys(violationsOf(answer))]).toEqual([400, [field]]);
  });

  test.each<[string, object, object?]>([
    ["scalars", scalars],
    ["fields with presence", withPresence],
    ["lists", lists],
    ["maps", maps],
    ["well-known types", wellKnown],
    ["lists and maps of them", wellKnownLists],
    ["names of JSON", names],
    ["names of the contract", contractNames, names],
    ["one of several", { chosenWrapper: false }],
    ["null", { chosenNull: null }],
  ])("a query has %s", async (_, json, expected = json) => {
    const answer = await get(`/v1/kinds?${queryOf(json)}`);
    expect([answer.status, answer.json]).toEqual([200, expected]);
  });

  test.each<[string, object]>([
    [
      "inner.inner.texts=a&kinds.inner.inner.texts=b&kinds.inner.text=c",
      { inner: { text: "c", inner: { texts: ["a", "b"] } } },
    ],
    [
      "duration=13h0m0s&kinds.durations=1m&kinds.durations=1.5h",
      { duration: "46800s", durations: ["60s", "5400s"] },
    ],
    ["null=0", {}],
    ["chosen_null=NULL_VALUE", { chosenNull: null }],
    ["values=1&kinds.values=%22a%22&kinds.values=[null]", { values: [1, "a", [null]] }],
    ["mask=float_value,camelCase", { mask: "floatValue,camelCase" }],
    ["mask=*", { mask: "*" }],
    ["value=%EF%BB%BF1", { value: 1 }],
    [
      "timestamp=%222016-05-10T10:19:13.123Z%22&kinds.duration=%221.5s%22",
      { timestamp: "2016-05-10T10:19:13.123Z", duration: "1.500s" },
    ],
    [
      "int64_wrapper.value=7&kinds.inner.textWrapper.value=a",
      { int64Wrapper: "7", inner: { textWrapper: "a" } },
    ],
  ])("a query has kinds.%s", async (query, expected) => {
    const answer = await get(`/v1/kinds?kinds.${query}`);
    expect([answer.status, answer.json]).toEqual([200, expected]);
  });

  test.each<[string, string]>([
    ["values=a", "kinds.values[0]"],
    ["values_by_text[a]=x", 'kinds.values_by_text["a"]'],
    ["durations=1m&kinds.durations=x", "kinds.durations[1]"],
    ["value[a]=1", "kinds.value"],
    ["value=1&kinds.value=2", "kinds.value"],
    ["struct[a]={}", "kinds.struct"],
    ["duration[x]=1s", "kinds.duration"],
    ["mask=a&kinds.mask=b", "kinds.mask"],
    ["mask=a,%20b", "kinds.mask"],
    ["mask=a..b", "kinds.mask"],
    ["null=", "kinds.null"],
    ["empty=", "kinds.empty"],
    ["inners.text=a", "kinds.inners.text"],
    ["by_sfixed64[1]=x", 'kinds.by_sfixed64["1"]'],
    ["by_bool[1]=2020-01-01T00:00:00Z", 'kinds.by_bool["1"]'],
    ["float_value.nested=1", "kinds.float_value.nested"],
    ["int32_value=%2B1", "kinds.int32_value"],
    ["int32_value=0x10", "kinds.int32_value"],
  ])("a query is refused: kinds.%s", async (query, field) => {
    const answer = await get(`/v1/kinds?kinds.${query}`);
    expect([answer.status, Object.keys(violationsOf(answer))]).toEqual([400, [field]]);
  });

  test("a mask in a query has names of the contract, which JSON has no form for", async () => {
    const names = "line_2,en_GB,UPPER,Other_Name,inner.line_2,inner.boolValue";
    const answer = await send(`${served.url}/v1/kinds?update_mask=${names}`, { method: "POST", json: {} });
    expect(answer.status).toBe(200);
    const expected = ["line_2", "en_GB", "UPPER", "Other_Name", "inner.line_2", "inner.bool_value"];
    expect(served.seen.masks.at(-1)).toEqual(expected);
  });

  test("a path has a field of each kind that is one value", async () => {
    const path = Object.values(scalars)
      .map((value) => encodeURIComponent(value))
      .join("/");
    const answer = await get(`/v1/scalars/${path}`);
    expect([answer.status, answer.json]).toEqual([200, scalars]);
    const wrong = await get("/v1/scalars/x/x/x/x/x/x/x/x/x/x/x/x/x/x/*/x");
    expect(Object.keys(violationsOf(wrong))).toHaveLength(15);
  });

  test("a path has fields with presence, of a oneof, well-known types, and of messages inside", async () => {
    const answer = await get("/v1/others/0/a/2016-05-10T10:19:13.123Z/1h30m/-5/a,b_c,*/deep");
    expect([answer.status, answer.json]).toEqual([
      200,
      {
        optionalInt32: 0,
        chosenText: "a",
        timestamp: "2016-05-10T10:19:13.123Z",
        duration: "5400s",
        int64Wrapper: "-5",
        mask: "a,bC,*",
        inner: { inner: { text: "deep" } },
      },
    ]);
  });

  test("a query has no other member of a oneof than the path", async () => {
    const path = "/v1/others/0/a/2016-05-10T10:19:13.123Z/1s/1/a/b";
    const answer = await get(`${path}?kinds.chosen_number=1`);
    expect([answer.status, violationsOf(answer)]).toEqual([
      400,
      { "kinds.chosen_number": "a second member of its oneof" },
    ]);
  });

  test.each([
    ["/v1/files/a/b/c", "a/b/c"],
    ["/v1/files/a%2Fb/c%20d", "a%2Fb/c d"],
    ["/v1/files/a//b:c;d=e+f", "a//b:c;d=e+f"],
    ["/v1/files", undefined],
  ])("%s has all segments", async (path, value) => {
    expect((await get(path)).json).toEqual({ ...(value !== undefined && { text: value }) });
  });

  test.each<[string, string, unknown, unknown]>([
    [
      "PUT",
      "kinds/a",
      { kinds: { text: "b", int32Value: 1 }, texts: ["x"], number: "5", one: "LEVEL_FIRST" },
      {
        kinds: { int32Value: 1, text: "a" },
        texts: ["x"],
        byText: { x: 1 },
        number: "5",
        one: "LEVEL_FIRST",
      },
    ],
    ["PUT", "kinds/a", undefined, { kinds: { text: "a" } }],
    [
      "PATCH",
      "kinds/a?update_mask=int32_value",
      { int32Value: 1 },
      { kinds: { int32Value: 1, text: "a" }, updateMask: "int32Value" },
    ],
    [
      "PATCH",
      "kinds/a?updateMask=*",
      { int32Value: 1 },
      { kinds: { int32Value: 1, text: "a" }, updateMask: "*" },
    ],
    [
      "DELETE",
      "kinds/a?number=3&kinds.int32_value=5",
      undefined,
      { kinds: { int32Value: 5, text: "a" }, number: "3" },
    ],
    ["POST", "lists", [], []],
    ["POST", "lists", ["a"], ["a"]],
    ["POST", "maps", ["a", "bb"], { a: 1, bb: 2 }],
    ["POST", "maps", "null", {}],
    ["POST", "numbers", 5, "5"],
    ["POST", "numbers", '"5"', "5"],
    ["POST", "numbers", "null", "0"],
    ["POST", "choices", '"LEVEL_FIRST"', "LEVEL_FIRST"],
    ["POST", "choices", 0, "LEVEL_UNSPECIFIED"],
    ["POST", "choices?other=a", "null", null],
  ])("%s %s of %j", async (method, path, json, expected) => {
    const answer = await send(`${served.url}/v1/${path}`, { method, json });
    expect([answer.status, answer.json]).toEqual([200, expected]);
  });

  test.each(["HEAD", "OPTIONS", "TRACE"])("%s of a rule of its own calls the method", async (method) => {
    const sent = request({ port: served.port, host: "127.0.0.1", method, path: "/v1/kinds/a" }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    const body = JSON.stringify({ kinds: { text: "a" } });
    expect([answer.statusCode, answer.headers["content-length"]]).toEqual([200, String(body.length)]);
    expect(await text(answer)).toBe(method === "HEAD" ? "" : body);
  });
});
