import { writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { ListUsersRequest } from "@callwire/contracts/users";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { NO_PYTHON, python, PYTHON_OK, pythonUsersClient } from "../python-users-client.js";
import { runWell } from "../run.js";
import { temporaryFolder } from "../temporary-folder.js";
import { isAtLength, many, testProxies } from "./each-proxy.js";
import { startProxies } from "./proxy.js";
import { portOf, startService } from "./service.js";

const options = {
  timeoutMs: isAtLength ? 300_000 : 60_000,
  ...(!isAtLength && { names: ["haproxy", "Caddy"] as const }),
};
const has = (command: string) => spawnSync(command, ["--version"]).status === 0;

testProxies(
  "foreign clients make every call",
  async (programs) => {
    await using service = await startService();
    await using proxies = await startProxies(programs, () => ({ clear: [portOf(service.address)] }));
    if (python) {
      using client = await pythonUsersClient(python);
      for (const proxy of proxies) {
        const { name } = proxy;
        // It holds back what others say to one who listens in silence, as the test's chat does.
        if (name === "Apache") continue;
        const outcome = await client.callAll(proxy.client("clear").address);
        expect({ name, ...outcome }).toEqual({ name, code: 0, stderr: expect.stringMatching(PYTHON_OK) });
      }
    } else process.stderr.write(`SKIPPED: Python through proxies; ${NO_PYTHON}\n`);

    using folder = temporaryFolder();
    const message = join(folder.path, "message");
    writeFileSync(
      message,
      lengthPrefixed(ListUsersRequest.encode(ListUsersRequest.fromPartial({})).finish()),
    );
    const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
    for (const proxy of proxies) {
      const url = `https://localhost:${proxy.port("TLS to clear")}/users.UserService/ListUsers`;
      if (has("curl")) {
        const dumped = await runWell("curl", [
          "--silent",
          "--insecure",
          "--http2",
          "--dump-header",
          "-",
          "--output",
          join(folder.path, "answer"),
          "--data-binary",
          `@${message}`,
          ...headers,
          url,
        ]);
        expect(dumped).toMatch(/^HTTP\/2 200/);
        expect(dumped).toMatch(/^grpc-status: 0\r?$/m);
      }
      if (has("h2load")) {
        const calls = many(500);
        const report = await runWell("h2load", [
          "-n",
          String(calls),
          "-c",
          "4",
          "-m",
          "20",
          "-d",
          message,
          ...headers,
          url,
        ]);
        expect(report).toContain(`${calls} succeeded, 0 failed, 0 errored`);
        expect(report).toContain(`status codes: ${calls} 2xx`);
      }
    }
  },
  options,
);
