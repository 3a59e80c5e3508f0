import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";

/** Runs the built plugin as a program. */
function run(input: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["bin/protoc-gen-callwire.js", ...args], { input, encoding: "utf8" });
}

test("the program says its version", () => {
  expect(run("", "--version")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^protoc-gen-callwire \d/),
  });
});

test.each([
  ["an argument", "", ["contract.proto"], 'no argument "contract.proto": protoc and buf run it, as a plugin'],
  ["what is no request", "no request", [], "protoc-gen-callwire: "],
])("%s ends the program with an error", (_what, input, args, says) => {
  const { status, stdout, stderr } = run(input, ...args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain(says);
});
