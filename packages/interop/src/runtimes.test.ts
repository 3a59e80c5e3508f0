// The four shapes, SDK and kit over the transport, and the edge in the ways that it is mounted, on what runs JavaScript: `pnpm runtimes`
// on all of the programs, which it installs from the npm registry; the suite on the one that runs the tests.
import { spawn } from "node:child_process";
import { EventEmitter, on, once } from "node:events";
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { createLogger, createServer, errorBoundary, notFound, unimplemented } from "@callwire/server-kit";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { installProgram, testCertificates, type ForeignProgram } from "@callwire/testkit";
import { installProject } from "./registry/project.js";
import { build } from "esbuild";
import { run } from "./run.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

/** True if it runs on all programs: set by jest.runtimes.config.mjs. */
declare const everyProgram: boolean | undefined;

const PROGRAMS: readonly (ForeignProgram & { name: keyof typeof ARGUMENTS })[] = [
  { name: "node", version: "20.20.2" },
  { name: "node", version: "22.23.3" },
  { name: "node", version: "24.21.0" },
  { name: "node", version: "26.10.0" },
  { name: "bun", version: "1.4.5" },
  { name: "deno", version: "2.9.6" },
];

/** The way in which each takes a script: Deno asks for permissions otherwise, and would not look into node_modules. */
const ARGUMENTS = { node: [], bun: [], deno: ["run", "--allow-all", "--node-modules-dir=manual"] };

/** The calls that are logged: of the four shapes each twice, without TLS and with it. */
const SCRIPTS = { "four-shapes.mjs": 2 * 220, "edge.mjs": 0 };
/** Deno says so of whoever listens to the signal of a request. */
const OF_DENO = /^Deno\.serve: request\.signal aborts on successful responses .*\n/;
let project: TemporaryFolder;

beforeAll(async () => {
  project = temporaryFolder();
  cpSync(fileURLToPath(new URL("../runtimes", import.meta.url)), project.path, { recursive: true });
  const { ca, server } = await testCertificates();
  for (const [name, pem] of Object.entries({ ca, ...server })) {
    writeFileSync(join(project.path, `${name}.pem`), pem);
  }
  const names = ["client-sdk", "contracts", "edge", "server-kit", "transport"];
  const ours = Object.fromEntries(names.map((name) => [`@callwire/${name}`, "*"]));
  const dependencies = { ...ours, hono: "4.13.19", "@hono/node-server": "2.1.9" };
  await installProject(project.path, { name: "four-shapes", type: "module", dependencies });
}, 120_000);

afterAll(() => project[Symbol.dispose]());

async function runOn(program: string, args: readonly string[], name: string): Promise<void> {
  for (const [script, calls] of Object.entries(SCRIPTS)) {
    const { code, stdout, stderr } = await run(program, [...args, script], { cwd: project.path });
    expect({ script, code, stderr: stderr.replace(OF_DENO, "") }).toEqual({ script, code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines).toContain(`ok on ${name}`);
    // A line for each call: the logger's buffer too ends with the process.
    expect(lines.filter((line) => line.endsWith('"msg":"finished call"}')).length).toBe(calls);
  }
}

test("no other runtime is installed with SDK, kit and edge", () => {
  const store = readdirSync(join(project.path, "node_modules/.pnpm"));
  expect(store.filter((name) => /^(nice-grpc|@grpc\+grpc-js)@/.test(name))).toEqual([]);
});

test("the four shapes and the edge run on the Node.js of this machine", async () => {
  await runOn(process.execPath, [], `node ${process.versions.node}`);
}, 60_000);

// Not test.each, which takes no empty list.
for (const program of typeof everyProgram === "undefined" ? [] : PROGRAMS) {
  const { name, version } = program;
  test(`the four shapes and the edge run on ${name} ${version}`, async () => {
    await runOn(installProgram(program), ARGUMENTS[name], `${name} ${version}`);
  }, 300_000);
}

const WORKER_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (modules = [(name = "worker.js", esModule = embed "worker.js")], compatibilityDate = "2026-11-01");
`;

/** Bundles a worker as wrangler does: for the runtime's own conditions, those of browsers after them, with the modules of Node.js left out. */
async function bundleWorker(): Promise<void> {
  await build({
    entryPoints: [join(project.path, "worker.mjs")],
    outfile: join(project.path, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["node:*"],
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire("/");`,
    },
    absWorkingDir: project.path,
  });
  writeFileSync(join(project.path, "config.capnp"), WORKER_CONFIG);
}

const refuse = async () => {
  throw unimplemented();
};
/** The methods that the worker does not call. */
const notServed = {
  createUser: refuse,
  updateUser: refuse,
  deleteUser: refuse,
  async *chat() {},
};

/** Serves the users over an edge of node:http. What is below /moved is elsewhere. */
async function serveUsers(watches: EventEmitter): Promise<Server> {
  const user = (id: string) => ({ id, name: `Ann ${id}`, email: `${id}@example.com` });
  const server = createServer({ middleware: [errorBoundary({ logger: createLogger({ level: "silent" }) })] });
  server.add(UserServiceDefinition, {
    ...notServed,
    async getUser({ id }, { signal }) {
      if (id === "nobody") throw notFound({ resource: "users.User", id });
      if (id === "late") await once(signal, "abort");
      return user(id);
    },
    async listUsers({ pageSize }) {
      return { users: Array.from({ length: pageSize }, (_, index) => user(String(index))) };
    },
    async *watchUsers(_request, { signal }) {
      for (let index = 0; index < 3; index++) yield { eventType: "updated", resumeToken: String(index) };
      if (!signal.aborted) await once(signal, "abort");
      watches.emit("end");
    },
    async uploadUsers(rows) {
      let created = 0;
      for await (const { name } of rows) if (name === `Ann ${created}`) created++;
      return { created };
    },
  });
  const { handler } = createEdge({ server });
  const served = createHttpServer((request, response) => {
    if (request.url?.startsWith("/moved/")) response.writeHead(308, { location: "/elsewhere" }).end();
    else handler(request, response);
  });
  await once(served.listen(0, "127.0.0.1"), "listening");
  return served;
}

if (typeof everyProgram !== "undefined") {
  test("the client over fetch runs in a worker of Cloudflare", async () => {
    const program = installProgram({ name: "workerd", version: "1.20261117.1" });
    await bundleWorker();
    const watches = new EventEmitter();
    const ends = on(watches, "end");
    const served = await serveUsers(watches);
    const edge = `http://127.0.0.1:${(served.address() as AddressInfo).port}`;
    const args = ["serve", "--control-fd=3", "config.capnp"];
    const child = spawn(program, args, { cwd: project.path, stdio: ["ignore", "ignore", "pipe", "pipe"] });
    let log = "";
    child.stderr!.on("data", (chunk) => (log += String(chunk)));
    try {
      const listening = once(child.stdio[3] as Readable, "data");
      const [line] = (await Promise.race([listening, once(child, "exit").then(() => [log])])) as [unknown];
      const { port } = JSON.parse(String(line).split("\n")[0]!) as { port: number };
      const answer = await fetch(`http://127.0.0.1:${port}/?edge=${encodeURIComponent(edge)}`);
      expect(await answer.text()).toBe("ok");
      // One for each protocol.
      await ends.next();
      await ends.next();
    } finally {
      child.kill();
      served.close();
    }
  }, 300_000);
}
