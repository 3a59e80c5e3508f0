import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "./programs.js";

/** Where Debian's packages put the sources of Go libraries. */
const DEBIAN_GOPATH = "/usr/share/gocode";

let built: { server: Program; client: Program } | string | undefined;

/** Builds grpc-go's programs with Debian's Go and its library, once; says why if that cannot be. */
export function buildGo(): { server: Program; client: Program } | string {
  built ??= build();
  return built;
}

function build(): { server: Program; client: Program } | string {
  if (spawnSync("go", ["version"]).error) return "Go is not installed (Debian: golang-go)";
  if (!existsSync(join(DEBIAN_GOPATH, "src/google.golang.org/grpc"))) {
    return "grpc-go is not installed (Debian: golang-google-grpc-dev)";
  }
  const folder = mkdtempSync(join(tmpdir(), "callwire-bench-go-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  // In GOPATH mode a package must be below a GOPATH's src to be imported.
  const sources = join(folder, "src/callwirebench");
  mkdirSync(sources, { recursive: true });
  cpSync(join(import.meta.dirname, "../../go"), sources, { recursive: true });
  const env = {
    ...process.env,
    GO111MODULE: "off",
    GOPATH: `${folder}:${DEBIAN_GOPATH}`,
    GOFLAGS: "",
    CGO_ENABLED: "0",
  };
  const bin = (name: string): string => join(folder, name);
  for (const name of ["server", "client"]) {
    const { status, stderr } = spawnSync("go", ["build", "-o", bin(name), `callwirebench/${name}`], {
      env,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`go build ${name}: ${stderr}`);
  }
  return { server: [bin("server")], client: [bin("client")] };
}
