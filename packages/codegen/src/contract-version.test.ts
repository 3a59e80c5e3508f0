import { describe, expect, test } from "@jest/globals";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";

const item = `syntax = "proto3";
package shop.v1;
// Something that is sold.
message Item { string id = 1; }
`;
const shop = `syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "shop/v1/item.proto";
message GetItemRequest { string id = 1; google.protobuf.Timestamp at = 2; }
service Shop { rpc GetItem(GetItemRequest) returns (Item); }
service Admin { rpc Remove(GetItemRequest) returns (Item); }
`;

/** The contracts that the definitions name, by service. */
function contractsOf(contracts: Record<string, string>, parameter = "contract_version=1.4.0") {
  const modules = generateModules(describeContracts(contracts), parameter);
  return Object.fromEntries(
    Array.from(modules.values()).flatMap((text) =>
      Array.from(
        text.matchAll(/fullName: "([\w.]+)",\n {2}contract: "([^"]+)" as string,/g),
        ([, service, contract]) => [service!, contract!] as const,
      ),
    ),
  );
}

/** The one contract of a changed copy. */
const changed = (from: string, to: string) => {
  const files = {
    "shop/v1/item.proto": item.replace(from, to),
    "shop/v1/shop.proto": shop.replace(from, to),
  };
  return contractsOf(files)["shop.v1.Shop"];
};

const unchanged = changed("", "");

describe("contract_version", () => {
  test("is named by every service of a file, with one fingerprint", () => {
    const found = contractsOf({ "shop/v1/item.proto": item, "shop/v1/shop.proto": shop });
    expect(found).toEqual({ "shop.v1.Shop": unchanged, "shop.v1.Admin": unchanged });
    expect(unchanged).toMatch(/^1\.4\.0\+[0-9a-f]{8}$/);
  });

  test("is named by nothing without the option, and by no standard service", () => {
    expect(contractsOf({ "shop/v1/item.proto": item, "shop/v1/shop.proto": shop }, "")).toEqual({});
    const health = `syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckRequest); }
`;
    expect(contractsOf({ "health.proto": health })).toEqual({});
  });

  test.each([
    ["a field", "string id = 1; google", "string id = 1; string name = 3; google"],
    ["a field of an import", "message Item { string id = 1; }", "message Item { bytes id = 1; }"],
    ["a method", "rpc GetItem(", "rpc Buy(GetItemRequest) returns (Item); rpc GetItem("],
    ["a stream", "returns (Item); }\nservice Admin", "returns (stream Item); }\nservice Admin"],
  ])("has another fingerprint when %s changes", (_what, from, to) => {
    expect(changed(from, to)).not.toBe(unchanged);
  });

  test.each([
    ["a comment", "// Something that is sold.", "// A thing."],
    [
      "an option for another language",
      "package shop.v1;",
      'package shop.v1;\noption go_package = "shop/v1";',
    ],
  ])("has the same fingerprint when %s changes", (_what, from, to) => {
    expect(changed(from, to)).toBe(unchanged);
  });

  test("has the same fingerprint wherever the files are, and in whatever order they are imported", () => {
    const elsewhere = shop
      .replace("shop/v1/item.proto", "a/item.proto")
      .replace(/(import "google.*;)\n(import .*;)/, "$2\n$1");
    expect(contractsOf({ "a/item.proto": item, "a/shop.proto": elsewhere })["shop.v1.Shop"]).toBe(unchanged);
  });

  test("is a property of the compiled definition", async () => {
    const files = describeContracts({ "shop/v1/item.proto": item, "shop/v1/shop.proto": shop });
    using compiled = compile(generateModules(files, "contract_version=1.4.0"));
    const { ShopDefinition } = (await compiled.load("shop/v1/shop.ts")) as Record<string, unknown>;
    expect(ShopDefinition).toMatchObject({ fullName: "shop.v1.Shop", contract: unchanged });
  });
});
