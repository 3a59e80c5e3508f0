// The four shapes, SDK and kit over the transport, and the edge in the ways that it is mounted, on what runs JavaScript: `pnpm runtimes`
// on all of the programs, which it installs from the npm registry; the suite on the one that runs the tests.
import { cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { installProgram, testCertificates, type ForeignProgram } from "@callwire/testkit";
import { installProject } from "./registry/project.js";
import { run } from "./run.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

/** True if it runs on all programs: set by jest.runtimes.config.mjs. */
declare const everyProgram: boolean | undefined;

const PROGRAMS: readonly ForeignProgram[] = [
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
