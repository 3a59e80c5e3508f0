import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { NO_PYTHON, python, PYTHON_OK, pythonUsersClient } from "./python-users-client.js";
import { run, runWell } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService } from "./users-service-process.js";

const name = "a Python client made from the seed's contract makes every call";

const fromReleaseName =
  "a Python client is made of the contract as it is published, with the annotations beside it";

const command = python;
if (command) {
  test(fromReleaseName, async () => {
    using stubs = temporaryFolder();
    const contract = fileURLToPath(new URL("proto", import.meta.resolve("@callwire/contracts/package.json")));
    const files = ["users/user_service.proto", "google/api/annotations.proto", "google/api/http.proto"];
    const out = [`--python_out=${stubs.path}`, `--grpc_python_out=${stubs.path}`];
    await runWell(command, ["-m", "grpc_tools.protoc", `--proto_path=${contract}`, ...out, ...files]);
    const script =
      "from users import user_service_pb2_grpc as services; print(services.UserServiceStub.__name__)";
    const { code, stdout } = await run(command, ["-B", "-c", script], { env: { PYTHONPATH: stubs.path } });
    expect([code, stdout]).toEqual([0, "UserServiceStub\n"]);
  });

  test(name, async () => {
    using client = await pythonUsersClient(command);
    await using service = await startUsersService();
    // unittest writes to stderr: shown, if it fails.
    expect(await client.callAll(service.address)).toEqual({
      code: 0,
      stderr: expect.stringMatching(PYTHON_OK),
    });
  });
} else {
  process.stderr.write(`SKIPPED: ${name}; ${NO_PYTHON}\n`);
  test.skip(`${name} (${NO_PYTHON})`, () => {});
  test.skip(`${fromReleaseName} (${NO_PYTHON})`, () => {});
}
