import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { HealthCheckResponse_ServingStatus, HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { startServer } from "@callwire/testkit";
import { ServerError, Status } from "nice-grpc-common";

/** An application of the transport alone. */
const program = `
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createClient } from "@callwire/client-sdk";

const health = createClient(HealthDefinition, { address: process.argv[2] });
const { status } = await health.check({ service: "users.UserService" });
console.log("status " + status);
health.close();
`;

/** The bundler of this repository's packages, run as a program of its own: it is none of this package's. */
const bundler = `
import { build } from "rolldown";
const [, input, file] = process.argv;
await build({
  input,
  platform: "node",
  external: /^node:/,
  logLevel: "warn",
  output: { file, format: "esm", codeSplitting: false },
});
`;

test("a bundle in ESM runs alone, without grpc-js", async () => {
  const packageFolder = fileURLToPath(new URL("..", import.meta.url));
  // Inside of the package, where its dependencies are found.
  const folder = await mkdtemp(join(packageFolder, "node_modules", ".bundle-"));
  const elsewhere = await mkdtemp(join(tmpdir(), "callwire-bundle-"));
  try {
    const input = join(folder, "program.mjs");
    const output = join(elsewhere, "bundle.mjs");
    await writeFile(input, program);
    const rolldown = createRequire(join(packageFolder, "../../package.json")).resolve("rolldown");
    const script = bundler.replace('"rolldown"', JSON.stringify(pathToFileURL(rolldown).href));
    const run = promisify(execFile);
    await run(process.execPath, ["--input-type=module", "-e", script, input, output]);
    expect(await readdir(elsewhere)).toEqual(["bundle.mjs"]);
    const code = await readFile(output, "utf8");
    // Neither an import nor a require of what is not Node.js's own.
    const wanted = [...code.matchAll(/(?:\bfrom|\bimport|\brequire\d*\()\s*"([\w@./:-]+)"/g)].map(
      ([, name]) => name,
    );
    expect(wanted.filter((name) => !name!.startsWith("node:"))).toEqual([]);
    await using server = await startServer((s) =>
      s.add(HealthDefinition, {
        check: async () => ({ status: HealthCheckResponse_ServingStatus.SERVING }),
        list: async () => {
          throw new ServerError(Status.UNIMPLEMENTED, "not in this test");
        },
        async *watch() {},
      }),
    );
    const { stdout } = await run(process.execPath, [output, server.address], { cwd: elsewhere });
    expect(stdout).toBe("status 1\n");
  } finally {
    await rm(folder, { recursive: true });
    await rm(elsewhere, { recursive: true });
  }
});
