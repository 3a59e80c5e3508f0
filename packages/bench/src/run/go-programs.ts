import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Program } from "./programs.js";

/** Where Debian's packages put the sources of Go libraries. */
const DEBIAN_GOPATH = "/usr/share/gocode";
const GRPC = "google.golang.org/grpc";

/** The peer grpc-go, and with the product's features grpc-go-full, each unless a reason says why not. */
export interface GoPrograms {
  plain: { server: Program; client: Program };
  full: { server: Program; client: Program } | string;
}

let built: GoPrograms | string | undefined;

/** Builds grpc-go's programs with Debian's Go and its libraries, once; says why if that cannot be. */
export function buildGo(): GoPrograms | string {
  built ??= build();
  return built;
}

/** The versions of Go and grpc-go; nothing where they are not installed. */
export function goVersions(): Record<string, string> {
  const go = /go(\d\S*)/.exec(spawnSync("go", ["version"], { encoding: "utf8" }).stdout ?? "")?.[1];
  if (go === undefined || !hasLibrary(GRPC)) return {};
  const source = readFileSync(join(DEBIAN_GOPATH, "src", GRPC, "version.go"), "utf8");
  const grpcGo = /Version = "([^"]+)"/.exec(source)?.[1];
  return { go, ...(grpcGo !== undefined && { "grpc-go": grpcGo }) };
}

function build(): GoPrograms | string {
  if (spawnSync("go", ["version"]).error) return "Go is not installed (Debian: golang-go)";
  if (!hasLibrary(GRPC)) {
    return "grpc-go is not installed (Debian: golang-google-grpc-dev)";
  }
  const folder = mkdtempSync(join(tmpdir(), "callwire-bench-go-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  // In GOPATH mode a package must be below a GOPATH's src to be imported.
  const sources = join(folder, "src/callwirebench");
  mkdirSync(sources, { recursive: true });
  cpSync(join(import.meta.dirname, "../../go"), sources, { recursive: true });
  const client = [goBuild(folder, "client", "0")];
  return { plain: { server: [goBuild(folder, "server", "0")], client }, full: buildFull(folder, client) };
}

/** SQLite comes as Debian's library, by way of C. */
function buildFull(folder: string, client: Program): GoPrograms["full"] {
  if (!hasLibrary("github.com/mattn/go-sqlite3")) {
    return "SQLite for Go is not installed (Debian: golang-github-mattn-go-sqlite3-dev)";
  }
  if (spawnSync("cc", ["--version"]).error) return "SQLite for Go needs a C compiler (Debian: gcc)";
  return {
    server: [goBuild(folder, "full", "1")],
    // grpc-go 1.33 takes its retry policy only if it is told so.
    client: ["env", "GRPC_GO_RETRY=on", ...client],
  };
}

function hasLibrary(path: string): boolean {
  return existsSync(join(DEBIAN_GOPATH, "src", path));
}

function goBuild(folder: string, name: string, cgo: "0" | "1"): string {
  const output = join(folder, name);
  const env = {
    ...process.env,
    GO111MODULE: "off",
    GOPATH: `${folder}:${DEBIAN_GOPATH}`,
    GOFLAGS: "",
    CGO_ENABLED: cgo,
  };
  const args = ["build", "-tags", "libsqlite3", "-o", output, `callwirebench/${name}`];
  const { status, stderr } = spawnSync("go", args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`go build ${name}: ${stderr}`);
  return output;
}
