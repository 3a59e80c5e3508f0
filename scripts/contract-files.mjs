// Puts what a contract is beside its code into the package of the contracts: its sources, with those that they import, and its
// OpenAPI document. Run in the package's folder, before its code is built.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** Where the sources of google.api are. */
const GOOGLE_API = "node_modules/google-gax/build/protos/google/api";

for (const path of ["dist", "proto"]) rmSync(path, { recursive: true, force: true });
mkdirSync("dist");
cpSync("../proto", "proto", { recursive: true });
mkdirSync("proto/google/api", { recursive: true });
for (const name of ["annotations.proto", "http.proto"])
  writeFileSync(`proto/google/api/${name}`, withoutComments(readFileSync(`${GOOGLE_API}/${name}`, "utf8")));
const openapi = JSON.parse(readFileSync("src/openapi.json", "utf8"));
writeFileSync("dist/openapi.json", `${JSON.stringify(openapi)}\n`);

/** A source with its licence, and without the comments behind it: they are a book, and every install would have it. */
function withoutComments(source) {
  const end = source.indexOf("\n\n");
  const notice = "//\n// Without its comments: the whole file is that of github.com/googleapis/googleapis.\n";
  return `${source.slice(0, end)}\n${notice}${source.slice(end + 1).replace(/^ *\/\/.*\n/gm, "")}`;
}
