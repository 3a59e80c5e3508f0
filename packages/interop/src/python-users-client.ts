import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { run, runWell } from "./run.js";
import { seedFile, seedFolder } from "./seed-contract.js";
import { temporaryFolder } from "./temporary-folder.js";

/** A Python with gRPC: the one on the PATH may be another than the system's, whose packages apt installs. */
export const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import grpc, grpc_tools.protoc"]).status === 0,
);

/** The way to get one, for a test that is skipped without. */
export const NO_PYTHON = "no Python with gRPC: on Debian, apt-get install python3-grpcio python3-grpc-tools";

/** A Python client of the users service, made from the seed's contract. Disposing of it removes its stubs. */
export interface PythonUsersClient extends Disposable {
  /** Makes every call, some twice; returns the exit code and what unittest wrote. */
  callAll(address: string): Promise<{ code: number | null; stderr: string }>;
}

/** Makes the stubs of a Python client, with a Python that has gRPC. */
export async function pythonUsersClient(command: string): Promise<PythonUsersClient> {
  const stubs = temporaryFolder();
  try {
    await runWell(command, [
      "-m",
      "grpc_tools.protoc",
      `--proto_path=${seedFolder}`,
      `--python_out=${stubs.path}`,
      `--grpc_python_out=${stubs.path}`,
      seedFile,
    ]);
  } catch (error) {
    stubs[Symbol.dispose]();
    throw error;
  }
  const script = fileURLToPath(new URL("../python/users_client.py", import.meta.url));
  return {
    async callAll(address) {
      const env = { PYTHONPATH: stubs.path, USERS_ADDRESS: address };
      const { code, stderr } = await run(command, ["-B", script], { env });
      return { code, stderr };
    },
    [Symbol.dispose]: () => stubs[Symbol.dispose](),
  };
}

/** The outcome when every call did what it should. */
export const PYTHON_OK = /^Ran 8 tests[^]*^OK$/m;
