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
      descriptor_comments: false,
      index: true,
      import_suffix: ".js",
      ts_nocheck: false,
      contract_version: "",
      openapi: false,
      openapi_title: "",
      openapi_license: "",
      openapi_security: "none",
    });
  });

  test.each(["1.4.0", "0.1.0", "2.0.0-rc.1"])("takes %s as a contract's version", (version) => {
    expect(parse(`contract_version=${version}`)).toMatchObject({ contract_version: version });
  });

  test("takes every value, and a switch without one", () => {
    expect(parse("timestamp=message,int64=string,oneof=properties,map=object")).toMatchObject({
      timestamp: "message",
      int64: "string",
      oneof: "properties",
      map: "object",
    });
    expect(parse("descriptors,unknown_fields=false,index=false,import_suffix=none,ts_nocheck")).toMatchObject(
      {
        descriptors: true,
        unknown_fields: false,
        index: false,
        import_suffix: "none",
        ts_nocheck: true,
      },
    );
  });

  test("takes what an OpenAPI document says", () => {
    const parameter = "openapi,openapi_title=A shop,openapi_license=Apache-2.0,openapi_security=bearer";
    expect(parse(parameter)).toMatchObject({
      openapi: true,
      openapi_title: "A shop",
      openapi_license: "Apache-2.0",
      openapi_security: "bearer",
    });
  });

  test.each([
    ["timestmp=date", 'no option "timestmp": did you mean "timestamp"?'],
    ["toString", 'no option "toString"'],
    ["int64=bigInt", 'int64=bigInt: takes bigint or number or string; did you mean "bigint"?'],
    ["index=maybe", "index=maybe: takes true or false"],
    ["timestamp", "timestamp=: takes date or message"],
    ["contract_version=1.4", "contract_version=1.4: takes a version such as 1.4.0"],
    ["contract_version=1.4.0+abc", "contract_version=1.4.0+abc: takes a version"],
    ["contract_version", "contract_version=: takes a version"],
    ["openapi_title=Shop", "openapi_title goes with openapi=true"],
    ["openapi,openapi_title=", "openapi_title=: takes a text"],
    ["openapi,openapi_license=the usual", "takes an SPDX identifier such as Apache-2.0"],
    ["openapi,openapi_security=oauth", "openapi_security=oauth: takes none or bearer"],
    ["openapi_secruity=bearer", 'did you mean "openapi_security"?'],
    ["contract_versoin=1.4.0", 'did you mean "contract_version"?'],
    ["unknownFields=false", 'did you mean "unknown_fields"?'],
    ["import_suffix=js", 'did you mean ".js"?'],
    ["qqq=1", 'no option "qqq": there are timestamp, int64,'],
    ["forceLong=bigint", 'no option "forceLong": another generator has it, and here it is "int64"'],
    ["esModuleInterop=true", "this one needs none: leave it out"],
    ["js_import_style=legacy_commonjs", "this one needs none: leave it out"],
    ["import_style=commonjs", "this one needs none: leave it out"],
    [
      "long_type_string",
      'no option "long_type_string": another generator has it, and here it is "int64=string"',
    ],
    ["stringEnums=true", "this one does not offer it: leave it out"],
    ["json_types=true", "this one does not offer it: leave it out"],
    ["include_imports=true", "set strategy, include_imports and include_wkt beside opt"],
    ["int64: bigint", 'no option "int64: bigint": write "int64=bigint"'],
    ["int64=string,int64=number", 'int64 is given twice, as "string" and as "number"'],
    ["openapi,openapi_title=Tea, coffee", "a comma begins the next option, so the text of openapi_title"],
  ])("refuses %s, with the nearest", (parameter, message) => {
    expect(() => parse(parameter)).toThrow(message);
  });

  test("guesses no name that is nothing like it", () => {
    expect(() => parse("descriptors=yes")).toThrow(/^descriptors=yes: takes false or true$/);
  });

  test("takes an option that is given twice alike", () => {
    expect(parse("int64=string,int64=string")).toMatchObject({ int64: "string" });
  });
});
