import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { createServer } from "../server/create-server.js";
import { ServerCredentials } from "../server/credentials.js";
import { TestServiceDefinition } from "./gen/grpc/testing/interop.js";
import { interopService } from "./interop-service.js";
import { makeStubs, python, scriptArguments, warnWithoutPython } from "./python.js";

const run = promisify(execFile);

const name = "Python's grpcio makes gRPC's interoperability calls";
warnWithoutPython(name);

let stubs: string;
beforeAll(async () => {
  stubs = await mkdtemp(join(tmpdir(), "callwire-"));
  if (python !== undefined) await makeStubs(stubs);
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
    const { stderr } = await run(python!, scriptArguments(stubs, "interop_client.py"), {
      env: { ...process.env, INTEROP_ADDRESS: `localhost:${port}`, ...(pem && { INTEROP_CA: pem.ca }) },
    });
    // unittest writes to stderr.
    expect(stderr).toMatch(/^Ran 11 tests[^]*^OK$/m);
  } finally {
    server.forceShutdown();
  }
});
