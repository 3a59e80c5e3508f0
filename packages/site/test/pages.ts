import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { blocksOf, commandsOf } from "./markdown.js";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The pages that a test follows from their first line to the last, in folders of their own; those of a group share a service. */
export const followed: readonly (readonly string[])[] = [
  ["docs/first-hour-serving.md", "docs/first-hour-calling.md"],
  ["docs/first-hour-ci.md"],
];

const templates = "packages/create-callwire/template";

/** Pages that only a registry lets a reader follow. The second template calls the service of the first. */
export const followedFromRegistry: readonly (readonly string[])[] = [
  ["packages/create-callwire/README.md"],
  ["service", "client", "middleware"].map((name) => `${templates}/${name}/README.md`),
];

/** The command that makes the project of which a template's page is; undefined for another page. */
export function creationOf(page: string): string | undefined {
  if (!page.startsWith(templates)) return undefined;
  const name = basename(dirname(page));
  return `npm create callwire@latest my-${name} -- --template ${name} && cd my-${name}`;
}

/** The runs of a command that is not followed: the file that runs it, and the words by which it is found there. */
export type Elsewhere = readonly [file: string, words: string];

/** The commands of the other pages that do not install from a registry. */
export const elsewhere: Readonly<Record<string, Elsewhere>> = {
  "npm start": ["packages/interop/src/npm-start.test.ts", '"npm", ["start"'],
  "npm run demo": ["packages/interop/src/demo.test.ts", "demoScript, service.address"],
  "npm test": [".ci/run", "npm test"],
  "pnpm proxies": ["package.json", '"proxies":'],
  "apt-get install python3-grpcio python3-grpc-tools": [".ci/run", "python3-grpcio python3-grpc-tools"],
  "/usr/bin/python3 -m grpc_tools.protoc --proto_path=packages/interop/seed --python_out=. --grpc_python_out=. users/user_service.proto":
    ["packages/interop/src/python-users-client.ts", "grpc_tools.protoc"],
  "apt-get install -y --no-install-recommends nginx-light haproxy caddy nghttp2-proxy apache2": [
    ".ci/run",
    "nginx:nginx-light haproxy:haproxy caddy:caddy nghttpx:nghttp2-proxy apache2:apache2",
  ],
  "buf build proto -o contract.binpb": ["packages/site/test/guides-serving.test.ts", '"build"'],
  // The same descriptors by protoc, which no package of npm's registry has.
  "protoc --proto_path=node_modules/@callwire/contracts/proto --python_out=. users/user_service.proto google/api/annotations.proto google/api/http.proto":
    ["packages/interop/src/python-client.test.ts", '"google/api/annotations.proto", "google/api/http.proto"'],
  "protoc --include_imports --descriptor_set_out=contract.binpb --proto_path=proto inventory/v1/inventory_service.proto":
    ["packages/server-kit/src/services/descriptor-files.test.ts", ""],
  // A row of the table in the repository's README, too.
  "curl -s localhost:50051/users.UserService/ListUsers -H 'content-type: application/json' -d '{\"pageSize\": 1}'":
    ["packages/interop/src/edge.test.ts", "tableCommands()"],
  "cp -r node_modules/@callwire/contracts/proto/google proto/": [
    "packages/interop/src/create-callwire.test.ts",
    "cpSync(",
  ],
  "curl -s localhost:50051/a": ["packages/server-kit/src/http.test.ts", "/a`;"],
  // The program without npx, which has it of a registry.
  "npx @callwire/edge --target 127.0.0.1:50051": [
    "packages/interop/src/edge-gateway.test.ts",
    '"--target", target',
  ],
  "npx @callwire/edge --target 127.0.0.1:50051 --descriptors contract.binpb": [
    "packages/interop/src/edge-gateway.test.ts",
    '"--descriptors"',
  ],
  "npx --package @callwire/edge --package @modelcontextprotocol/server callwire-edge --target 127.0.0.1:50051 --mcp-tool users.UserService/GetUser":
    ["packages/edge/src/gateway/start-gateway.test.ts", "mcpTools: ["],
  "buf build -o contract.binpb": ["packages/site/test/guides-serving.test.ts", '"build"'],
  "protoc --include_imports --descriptor_set_out=contract.binpb --proto_path=proto library.proto": [
    "packages/interop/src/edge-gateway.test.ts",
    '"--include_imports"',
  ],
};

/** Pages whose commands a test reads and runs, and the words by which that is found there. */
export const readByTests: Readonly<Record<string, Elsewhere>> = {
  "packages/edge/README.md": ["packages/interop/src/edge.test.ts", "edgeCommands()"],
};

/** True for a command that installs from a registry, or starts a project with what is there. */
export function isInstall(command: string): boolean {
  return /^(npm (install|ci|create|init)|pnpm (add|create|install)|yarn (add|create))( |$)/.test(command);
}

const skipped = new Set(["node_modules", "dist", "pages", ".git", ".turbo", ".changeset"]);

/** Every page of the repository, by its path. */
export function allPages(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skipped.has(entry.name)) return [];
    if (entry.isDirectory()) return allPages(path);
    return entry.name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

/** The commands of a page's shell code. */
export function shellCommands(page: string): { text: string; place: string }[] {
  return blocksOf(readFileSync(join(root, page), "utf8"))
    .filter(({ language, file }) => language === "sh" && file === undefined)
    .flatMap(commandsOf)
    .map(({ text, line }) => ({ text, place: `${page}:${line}` }));
}
