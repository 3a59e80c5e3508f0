import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A Python with gRPC: the one on the PATH may be another than the system's, whose packages apt installs. */
export const python = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import grpc, grpc_tools.protoc"]).status === 0,
);

/** Says on stderr why a test is left out, if there is no Python with gRPC. */
export function warnWithoutPython(name: string): void {
  if (python !== undefined) return;
  const why = "no Python with gRPC: on Debian, apt-get install python3-grpcio python3-grpc-tools";
  process.stderr.write(`SKIPPED: ${name}; ${why}\n`);
}

/** Makes the stubs of gRPC's TestService in a folder. */
export async function makeStubs(folder: string): Promise<void> {
  const proto = fromHere("../../proto");
  await promisify(execFile)(python!, [
    "-m",
    "grpc_tools.protoc",
    `--proto_path=${proto}`,
    `--python_out=${folder}`,
    `--grpc_python_out=${folder}`,
    join(proto, "grpc/testing/interop.proto"),
  ]);
}

/** The arguments that run a script of the folder `python` with these stubs. */
export function scriptArguments(stubs: string, script: string): string[] {
  // The stubs' package is below grpcio's own, so that both are found.
  const start = `import grpc; grpc.__path__.append(${JSON.stringify(join(stubs, "grpc"))})`;
  const path = fromHere(`python/${script}`);
  return ["-B", "-c", `${start}; exec(compile(open(${JSON.stringify(path)}).read(), "${script}", "exec"))`];
}
