import { expect, test } from "@jest/globals";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { testCertificates } from "@callwire/testkit";
import { run, runWell } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";
import { demoScript, startUsersService } from "./users-service-process.js";

declare const runtimeName: string;

test("the demo walks through every call, again and again on one database", async () => {
  await using service = await startUsersService();
  for (let time = 0; time < 2; time++) {
    const output = await runWell(process.execPath, [demoScript, service.address], {
      env: { CALLWIRE_TOKEN: undefined },
    });
    expect(output).toContain("1000 created, 1 failed");
    expect(output).toContain("deleted: Bob Example, 42");
    expect(output).toContain("Alice: I'll be going, then.");
    expect(output).toMatch(
      runtimeName === "transport"
        ? /curl -s 'http:.*\/v1\/users\/.*\n {2}200 \{"id":(?:.*\n)+.*\n {2}400 \{"error":(?:.*\n)+ {2}data: \{"eventType":"heartbeat"/
        : /nothing answers HTTP here/,
    );
  }
});

test("the demo says how to use it, and walks through a service with TLS and tokens", async () => {
  expect(await runWell(process.execPath, [demoScript, "--help"])).toContain("--token-file <file>");
  using folder = temporaryFolder();
  const written = (name: string, text: string) => {
    writeFileSync(join(folder.path, name), text);
    return join(folder.path, name);
  };
  const { ca, server } = await testCertificates();
  const tokens = written("tokens", "shop token-of-the-shop\n");
  const authority = written("ca.pem", ca);
  await using service = await startUsersService([
    "--tls-cert",
    written("cert.pem", server.cert),
    "--tls-key",
    written("key.pem", server.key),
    "--tokens-file",
    tokens,
  ]);
  const demo = (...args: string[]) =>
    run(process.execPath, [demoScript, service.address, ...args], { env: { CALLWIRE_TOKEN: undefined } });

  const walked = await demo("--tls-ca", authority, "--token-file", tokens);
  expect(walked).toMatchObject({ code: 0, stderr: "" });
  expect(walked.stdout).toContain("1000 created, 1 failed");
  const rest = "curl -s --cacert … -H 'authorization: Bearer …' 'https://";
  expect(walked.stdout).toContain(runtimeName === "transport" ? `${rest}${service.address}/v1/users` : rest);
  expect(walked.stdout).toContain(runtimeName === "transport" ? "heartbeat" : "nothing answers HTTP here");
  const nobody = await demo("--tls-ca", authority);
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining("The service wants a token") });
  const clear = await demo("--token-file", tokens);
  expect(clear).toMatchObject({ code: 1, stderr: expect.stringContaining("--tls-ca") });
  const slip = await demo("--tokn", "t");
  expect(slip).toMatchObject({ code: 1, stderr: expect.stringContaining("did you mean '--token'?") });
});
