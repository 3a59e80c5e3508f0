import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";

/** The annotations, from the package that publishes them. */
const protos = new URL("../../../gen/node_modules/google-gax/build/protos/", import.meta.url);
const annotations = Object.fromEntries(
  ["google/api/annotations.proto", "google/api/http.proto"].map((path) => [
    path,
    readFileSync(new URL(path, protos), "utf8"),
  ]),
);

const contract = (body: string, more = "") => ({
  ...annotations,
  "shop.proto": `syntax = "proto3"; package shop;
    import "google/api/annotations.proto"; ${more}
    message Item { string id = 1; Item part = 2; }
    service Shop { ${body} }`,
});

const modulesOf = (contracts: Readonly<Record<string, string>>) =>
  generateModules(describeContracts(contracts));

interface Definition {
  methods: Record<string, { http?: unknown; options: object }>;
}

describe("google.api.http", () => {
  test("becomes plain data of the method, with every part of a rule", async () => {
    const modules = modulesOf(
      contract(`
        rpc Get(Item) returns (Item) {
          option idempotency_level = NO_SIDE_EFFECTS;
          option (google.api.http) = {
            get: "/v1/{id=items/*}"
            response_body: "part"
            additional_bindings { put: "/v1/items" body: "*" }
            additional_bindings { delete: "/v1/{part.id}:undo" }
            additional_bindings { custom { kind: "PURGE" path: "/v1/\\"'\`\${x}*/" } body: "part" }
          };
        }
        rpc Patch(Item) returns (Item) { option (google.api.http) = { patch: "/a" }; }
        rpc Post(Item) returns (Item) { option (google.api.http).post = "/b"; }
        rpc Without(Item) returns (Item);`),
    );
    using compiled = compile(modules);
    const { ShopDefinition } = await compiled.load("shop.ts");
    const { methods } = ShopDefinition as unknown as Definition;
    expect(methods["get"]!.http).toEqual([
      { method: "GET", path: "/v1/{id=items/*}", responseBody: "part" },
      { method: "PUT", path: "/v1/items", body: "*" },
      { method: "DELETE", path: "/v1/{part.id}:undo" },
      { method: "PURGE", path: "/v1/\"'`${x}*/", body: "part" },
    ]);
    expect(methods["get"]!.options).toEqual({ idempotencyLevel: "NO_SIDE_EFFECTS" });
    expect(methods["patch"]!.http).toEqual([{ method: "PATCH", path: "/a" }]);
    expect(methods["post"]!.http).toEqual([{ method: "POST", path: "/b" }]);
    expect(methods["without"]).not.toHaveProperty("http");
    expect(Object.values(methods).map(({ options }) => Object.keys(options))).toEqual([
      ["idempotencyLevel"],
      [],
      [],
      [],
    ]);
  });

  test("makes no modules of the files that state annotations alone", () => {
    const names = [...modulesOf(contract("")).keys()].filter((name) => !name.startsWith("index"));
    expect(names).toEqual(["shop.ts"]);
  });

  test("makes the modules whose messages are used", () => {
    const more = 'import "google/api/http.proto"; message Routes { google.api.HttpRule rule = 1; }';
    const names = [...modulesOf(contract("", more)).keys()].filter((name) => !name.startsWith("index"));
    expect(names.toSorted()).toEqual(["google/api/http.ts", "shop.ts"]);
  });

  test("makes nothing of a contract without annotations", () => {
    const modules = modulesOf({
      "a.proto": 'syntax = "proto3"; package a; message M {} service S { rpc Do(M) returns (M); }',
    });
    expect(modules.get("a.ts")).not.toContain("http");
  });

  test.each([
    ['{ body: "*" }', "shop.Shop.Get: google.api.http has a rule without a path"],
    [
      '{ get: "/a" additional_bindings { get: "/b" additional_bindings { get: "/c" } } }',
      "shop.Shop.Get: google.api.http has additional_bindings inside of additional_bindings",
    ],
  ])("%s is refused by the method's name", (rule, message) => {
    const method = `rpc Get(Item) returns (Item) { option (google.api.http) = ${rule}; }`;
    expect(() => modulesOf(contract(method))).toThrow(message);
  });
});
