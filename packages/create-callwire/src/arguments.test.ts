import { describe, expect, test } from "@jest/globals";
import { readArguments } from "./arguments.js";
import { nameProblem, targetOf } from "./package-name.js";
import { UsageError } from "./usage-error.js";

const defaults = { target: undefined, template: "service", help: false, version: false };

describe("the command line", () => {
  test.each([
    [[], defaults],
    [["orders"], { ...defaults, target: "orders" }],
    [["--template", "client", "orders"], { ...defaults, target: "orders", template: "client" }],
    [["orders", "-t", "middleware"], { ...defaults, target: "orders", template: "middleware" }],
    [["orders", "--template=client"], { ...defaults, target: "orders", template: "client" }],
    [["--help"], { ...defaults, help: true }],
    [["-v"], { ...defaults, version: true }],
  ])("%j", (args, expected) => {
    expect(readArguments(args)).toEqual(expected);
  });

  test("npm keeps an option before -- to itself, and it counts all the same", () => {
    const env = { npm_config_template: "client" };
    expect(readArguments(["orders"], env).template).toBe("client");
    expect(readArguments(["orders", "-t", "service"], env).template).toBe("service");
  });

  test.each([
    [["--tempalte", "client"], "there is no option '--tempalte'; did you mean '--template'?"],
    [["--templ", "client"], "there is no option '--templ'; did you mean '--template'?"],
    [["--x"], "there is no option '--x'"],
    [["-x"], "there is no option '-x'"],
    [
      ["-t", "servce"],
      "there is no template 'servce'; did you mean 'service'? There are service, client, middleware",
    ],
    [["-t", "java"], "there is no template 'java'. There are service"],
    [["--template"], "--template needs a value"],
    [["--help=yes"], "--help takes no value"],
    [["a", "b"], "one folder can be made at a time, and these are 2: a, b"],
  ])("%j is refused", (args, message) => {
    expect(() => readArguments(args)).toThrow(UsageError);
    expect(() => readArguments(args)).toThrow(message);
  });
});

describe("names", () => {
  test.each([
    ["orders", { folder: "/w/orders", packageName: "orders" }],
    [".", { folder: "/w", packageName: "w" }],
    ["packages/orders", { folder: "/w/packages/orders", packageName: "orders" }],
    ["/elsewhere/orders.v2", { folder: "/elsewhere/orders.v2", packageName: "orders.v2" }],
    ["@acme/orders", { folder: "/w/orders", packageName: "@acme/orders" }],
  ])("%s", (argument, expected) => {
    expect(targetOf(argument, "/w")).toEqual(expected);
  });

  test.each([
    ["node_modules/orders", "/w"],
    ["orders", "/w/node_modules"],
    ["/else/node_modules/a/orders", "/w"],
    ["@acme/orders", "/w/node_modules"],
  ])("%s in %s is in npm's folder", (argument, workingFolder) => {
    expect(() => targetOf(argument, workingFolder)).toThrow("is in node_modules, where npm removes what");
  });

  test.each([
    ["Orders!", "as in 'orders'"],
    ["über", "as in 'uber'"],
    ["@acme", "a scope has a name behind it, as in '@acme/orders'"],
    ["@acme/a/b", "a scope has a name behind it"],
    ["@/x", "begins with a letter or a digit"],
    ["_x", "as in 'x'"],
    [".hidden", "as in 'hidden'"],
    ["日本", "begins with a letter or a digit"],
    ["node_modules", "npm keeps it for itself"],
    ["x".repeat(215), "longer than 214 characters"],
    ["@Acme/x", "as in 'acme-x'"],
  ])("%s is none", (name, message) => {
    expect(nameProblem(name)).toContain(message);
    expect(() => targetOf(name, "/w")).toThrow("cannot be a package's name");
  });
});
