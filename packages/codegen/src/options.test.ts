import { describe, expect, test } from "@jest/globals";
import { parseOptions } from "./options.js";

const parse = (parameter: string) =>
  parseOptions(
    parameter.split(",").map((option) => {
      const [key = "", value = ""] = option.split("=");
      return { key, value };
    }),
  );

describe("parseOptions", () => {
  test("has defaults", () => {
    expect(parseOptions([])).toEqual({
      timestamp: "date",
      int64: "bigint",
      oneof: "union",
      map: "map",
      unknown_fields: true,
      descriptors: false,
      index: true,
      import_suffix: ".js",
    });
  });

  test("takes every value, and a switch without one", () => {
    expect(parse("timestamp=message,int64=string,oneof=properties,map=object")).toMatchObject({
      timestamp: "message",
      int64: "string",
      oneof: "properties",
      map: "object",
    });
    expect(parse("descriptors,unknown_fields=false,index=false,import_suffix=none")).toMatchObject({
      descriptors: true,
      unknown_fields: false,
      index: false,
      import_suffix: "none",
    });
  });

  test.each([
    ["timestmp=date", 'no option "timestmp": did you mean "timestamp"?'],
    ["toString", 'no option "toString"'],
    ["int64=bigInt", 'int64=bigInt: takes bigint or number or string; did you mean "bigint"?'],
    ["index=maybe", "index=maybe: takes true or false"],
    ["timestamp", "timestamp=: takes date or message"],
  ])("refuses %s, with the nearest", (parameter, message) => {
    expect(() => parse(parameter)).toThrow(message);
  });
});
