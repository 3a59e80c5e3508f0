import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CallError, Status } from "@callwire/client-sdk/users";
import { afterAll, expect, test } from "@jest/globals";
import { DemoSettingError, demoHelp, explain, readDemoSettings } from "./demo-settings.js";

const folder = mkdtempSync(join(tmpdir(), "callwire-demo-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test("the defaults call the default address in clear text, without a token", () => {
  expect(readDemoSettings([], {})).toEqual({ address: "127.0.0.1:50051" });
  expect(readDemoSettings([], { CALLWIRE_TOKEN: "" })).toEqual({ address: "127.0.0.1:50051" });
});

test("an address, a token and TLS are taken", () => {
  expect(readDemoSettings(["a:1", "--tls"], { CALLWIRE_TOKEN: "t" })).toEqual({
    address: "a:1",
    tls: true,
    token: "t",
  });
  expect(readDemoSettings(["--token", "u"], { CALLWIRE_TOKEN: "t" })).toMatchObject({ token: "u" });
  const tokens = file("tokens", "# comment\nshop token-of-the-shop\njob token-of-the-job\n");
  expect(readDemoSettings(["--token-file", tokens], {})).toMatchObject({ token: "token-of-the-shop" });
  expect(readDemoSettings(["--token-file", file("token", "alone\n")], {})).toMatchObject({ token: "alone" });
});

test("--help says every flag", () => {
  expect(readDemoSettings(["--help"], {})).toBe("help");
  expect(readDemoSettings(["-h"], {})).toBe("help");
  for (const flag of [
    "--token ",
    "--token-file",
    "--tls\n",
    "--tls-ca",
    "--tls-cert",
    "--tls-key",
    "CALLWIRE_TOKEN",
  ]) {
    expect(demoHelp).toContain(flag);
  }
});

test.each<[string[], string]>([
  [["--tokn", "t"], "there is no flag --tokn; did you mean '--token'?; --help lists all"],
  [["--address", "a:1"], "there is no flag --address; the address stands alone, as in 'npm run demo -- 127"],
  [["--adress", "a:1"], "the address stands alone"],
  [["--port", "1"], "the address stands alone"],
  [["--tls-ca"], "--tls-ca"],
  [["a:1", "b:2"], "'b:2' is one address too many"],
  [["--tls-ca", "/nowhere/ca.pem"], "--tls-ca: /nowhere/ca.pem cannot be read"],
  [["--tls-ca", file("garbage", "garbage")], "--tls-ca ("],
  [["--token-file", file("empty", "# nobody\n")], "has no token"],
])("%j is explained", (args, message) => {
  expect(() => readDemoSettings(args, {})).toThrow(DemoSettingError);
  expect(() => readDemoSettings(args, {})).toThrow(message);
});

test("what a call fails with gets a next step", () => {
  const error = (code: Status) => new CallError({ code, description: "no", method: "a.B/C" });
  expect(explain(error(Status.UNAVAILABLE), [])).toContain("Start one with 'npm start'");
  expect(explain(error(Status.UNAUTHENTICATED), [])).toContain("wants a token");
  expect(explain(error(Status.UNAUTHENTICATED), ["--token", "t"])).toContain("wants another token");
  expect(explain(error(Status.UNIMPLEMENTED), [])).toContain("is no users service");
  expect(explain(error(Status.INTERNAL), [])).not.toContain("\n");
});
