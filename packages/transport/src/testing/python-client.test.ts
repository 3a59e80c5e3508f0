import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { createServer } from "../server/create-server.js";
import { ServerCredentials } from "../server/credentials.js";
import { TestServiceDefinition } from "./gen/grpc/testing/interop.js";
import { interopService } from "./interop-service.js";

const run = promisify(execFile);
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A Python with gRPC: the one on the PATH may be another than the system's, whose packages apt installs. */
const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import grpc, grpc_tools.protoc"]).status === 0,
);
const name = "Python's grpcio makes gRPC's interoperability calls";
const why = "no Python with gRPC: on Debian, apt-get install python3-grpcio python3-grpc-tools";
if (python === undefined) process.stderr.write(`SKIPPED: ${name}; ${why}\n`);

let stubs: string;
beforeAll(async () => {
  stubs = await mkdtemp(join(tmpdir(), "callwire-"));
  if (python === undefined) return;
  const proto = fromHere("../../proto");
  await run(python, [
    "-m",
    "grpc_tools.protoc",
    `--proto_path=${proto}`,
    `--python_out=${stubs}`,
    `--grpc_python_out=${stubs}`,
    join(proto, "grpc/testing/interop.proto"),
  ]);
});
afterAll(() => rm(stubs, { recursive: true }));

(python === undefined ? test.skip : test).each([false, true])(`${name}, TLS: %s`, async (tls) => {
  const pem = tls ? await testCertificates() : undefined;
  const server = createServer();
  const { unimplementedCall: _, ...served } = TestServiceDefinition.methods;
  server.add({ ...TestServiceDefinition, methods: served }, interopService());
  const port = await server.listen(
    "127.0.0.1:0",
    pem &&
      ServerCredentials.createSsl(null, [
        { private_key: Buffer.from(pem.server.key), cert_chain: Buffer.from(pem.server.cert) },
      ]),
  );
  try {
    // The stubs' package is below grpcio's own, so that both are found.
    const start = `import grpc; grpc.__path__.append(${JSON.stringify(join(stubs, "grpc"))}); exec(compile(open(${JSON.stringify(
      fromHere("python/interop_client.py"),
    )}).read(), "interop_client.py", "exec"))`;
    const { stderr } = await run(python!, ["-B", "-c", start], {
      env: { ...process.env, INTEROP_ADDRESS: `localhost:${port}`, ...(pem && { INTEROP_CA: pem.ca }) },
    });
    // unittest writes to stderr.
    expect(stderr).toMatch(/^Ran 9 tests[^]*^OK$/m);
  } finally {
    server.forceShutdown();
  }
});
