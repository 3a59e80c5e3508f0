import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { run, runWell } from "./run.js";
import { seedFile, seedFolder } from "./seed-contract.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService } from "./users-service-process.js";

/** A Python with gRPC: the one on the PATH may be another than the system's, whose packages apt installs. */
const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import grpc, grpc_tools.protoc"]).status === 0,
);
const name = "a Python client made from the seed's contract makes every call";

if (python) {
  test(name, async () => {
    using stubs = temporaryFolder();
    await runWell(python, [
      "-m",
      "grpc_tools.protoc",
      `--proto_path=${seedFolder}`,
      `--python_out=${stubs.path}`,
      `--grpc_python_out=${stubs.path}`,
      seedFile,
    ]);
    await using service = await startUsersService();
    const script = fileURLToPath(new URL("../python/users_client.py", import.meta.url));
    const { code, stderr } = await run(python, ["-B", script], {
      env: { PYTHONPATH: stubs.path, USERS_ADDRESS: service.address },
    });
    // unittest writes to stderr: shown, if it fails.
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Ran 8 tests[^]*^OK$/m) });
  });
} else {
  const why = "no Python with gRPC: on Debian, apt-get install python3-grpcio python3-grpc-tools";
  process.stderr.write(`SKIPPED: ${name}; ${why}\n`);
  test.skip(`${name} (${why})`, () => {});
}
