import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { NO_PYTHON, python } from "./python-users-client.js";
import { runWell, start } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";

const program = fileURLToPath(
  new URL("bin/callwire-edge.js", import.meta.resolve("@callwire/edge/package.json")),
);
const contracts = dirname(fileURLToPath(import.meta.resolve("@callwire/contracts/package.json")));
const grpcReflection = dirname(
  createRequire(join(contracts, "package.json")).resolve("@grpc/reflection/package.json"),
);
const scripts = fileURLToPath(new URL("../python", import.meta.url));

async function curl(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await runWell("curl", ["-s", ...args]));
}

/** Makes the stubs of Python's server, and its contract's descriptors. */
async function compile(command: string, folder: string): Promise<string> {
  const paths = [
    scripts,
    join(contracts, "proto"),
    join(grpcReflection, "build/proto/grpc/reflection/v1alpha"),
  ].map((path) => `--proto_path=${path}`);
  const descriptors = join(folder, "library.binpb");
  const out = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
  const files = [
    "library.proto",
    "google/api/annotations.proto",
    "google/api/http.proto",
    "reflection.proto",
  ];
  await runWell(command, ["-m", "grpc_tools.protoc", ...paths, ...out, ...files]);
  const set = ["--include_imports", `--descriptor_set_out=${descriptors}`, "library.proto"];
  await runWell(command, ["-m", "grpc_tools.protoc", ...paths, ...set]);
  return descriptors;
}

const name =
  "the gateway serves a Python server by its reflection and by descriptors, to curl, until SIGTERM";
const command = python;

if (command) {
  test(name, async () => {
    using folder = temporaryFolder();
    const descriptors = await compile(command, folder.path);
    await using server = start(command, ["-B", join(scripts, "library_server.py")], {
      env: { PYTHONPATH: folder.path },
    });
    const target = `127.0.0.1:${await server.line((line) => /^\d+$/.exec(line)?.[0])}`;
    for (const [index, more] of [[], ["--descriptors", descriptors, "--original-names"]].entries()) {
      const args = [program, "--target", target, "--listen", "127.0.0.1:0", ...more];
      await using gateway = start(process.execPath, args);
      const url = await gateway.line((line) => /"address":"([^"]+)".*"msg":"listening"/.exec(line)?.[1]);

      const book = { fullTitle: `Book ${index}`, pageCount: 0, copiesByBranch: { north: "2" }, eBook: true };
      const json = ["-H", "content-type: application/json", "-d", JSON.stringify(book)];
      const added = await curl(...json, `${url}/v1/shelves/${index}/books`);
      const names = ["full_title", "page_count", "copies_by_branch", "e_book", "added_at"];
      const expected = { ...book, addedAt: "2026-01-02T03:04:05.000000007Z" };
      expect(added).toEqual({
        name: `shelves/${index}/books/${index + 1}`,
        ...(index === 0
          ? expected
          : Object.fromEntries(names.map((each, at) => [each, Object.values(expected)[at]]))),
      });
      expect(await curl(`${url}/v1/shelves/${index}/books/${index + 1}`)).toEqual(added);
      expect(await curl(`${url}/v1/shelves/${index}:read`)).toEqual(added);
      expect(await curl(`${url}/v1/shelves/9/books/9`)).toMatchObject({
        error: { code: 404, status: "NOT_FOUND", message: "no book shelves/9/books/9" },
      });
      gateway.child.kill("SIGTERM");
      const { code, stdout } = await gateway.outcome;
      expect([code, stdout.match(/"msg":"[^"]*"/g)?.slice(-3)]).toEqual([
        0,
        ['"msg":"finished request"', '"msg":"stopping"', '"msg":"stopped"'],
      ]);
    }
  });
} else {
  process.stderr.write(`SKIPPED: ${name}; ${NO_PYTHON}\n`);
  test.skip(`${name} (${NO_PYTHON})`, () => {});
}
