import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type FileDescriptorProto } from "@bufbuild/protobuf/wkt";

const PYTHON = "/usr/bin/python3";
const program = fileURLToPath(new URL("../../src/testing/python-peer.py", import.meta.url));

/** A message in one of two forms. Python takes its time to write JSON: only what is asked for has it. */
export type PythonRequest = { type: string; wantsJson?: true } & ({ bytes: Uint8Array } | { json: string });

/** The message's bytes, as base64, which are alike for messages that are alike, and its JSON; or what is wrong with the request. */
export interface PythonAnswer {
  bytes?: string;
  json?: string;
  error?: string;
}

/** True if protobuf's Python library is there: on Debian, `apt-get install python3-protobuf`. */
export function hasPython(): boolean {
  return spawnSync(PYTHON, ["-c", "import google.protobuf"]).status === 0;
}

/** Asks protobuf's Python library for messages, all at once. */
export function askPython(
  files: readonly FileDescriptorProto[],
  requests: readonly PythonRequest[],
): PythonAnswer[] {
  const set = toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: [...files] }));
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  const lines = requests.map((request) =>
    JSON.stringify("bytes" in request ? { ...request, bytes: base64(request.bytes) } : request),
  );
  const input = [base64(set), ...lines, ""].join("\n");
  const { stdout, stderr, status } = spawnSync(PYTHON, [program], { input, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(String(stderr));
  return String(stdout)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PythonAnswer);
}
