import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer } from "@callwire/transport";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { installProject, manifestIn } from "./registry/project.js";
import { run, runWell, type Outcome } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";

// Runs the workflow of examples/consumer-ci, but for its actions. Our packages come from the registry of the run.

const root = fileURLToPath(new URL("../../..", import.meta.url));
const example = join(root, "examples/consumer-ci");
const contract = "proto/parcels/v1/parcel_service.proto";
const generated = "src/gen/parcels/v1/parcel_service.ts";

/** What each job of the workflow begins with. It is run once for all. */
const INSTALL = "npm ci";

const project = temporaryFolder();
const path = (name: string) => join(project.path, name);
const git = (...args: string[]) => runWell("git", args, { cwd: project.path });
const commit = () =>
  git("-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "--quiet", "-am", "All");

/** Changes a file of the project. Throws if there is nothing to change. */
function edit(name: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path(name), "utf8");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${name} has no ${String(from)}`);
  writeFileSync(path(name), changed);
}

/** The commands of a job of the workflow. */
function stepsOf(job: string): string[] {
  const workflow = readFileSync(join(example, ".github/workflows/ci.yml"), "utf8");
  const [, steps = ""] = new RegExp(`^ {2}${job}:\n((?: {4}.*\n|\n)+)`, "m").exec(workflow) ?? [];
  return Array.from(steps.matchAll(/^ +- run: (.+)$/gm), ([, command]) => command!);
}

/** A command with the text of the scripts in place of `npm run`, which takes a quarter of a second each time. */
function withScripts(command: string): string {
  const { scripts } = JSON.parse(readFileSync(path("package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  return command.replaceAll(/npm (?:run )?([\w:]+)(?: -- )?/g, (whole, name: string) =>
    Object.hasOwn(scripts, name) ? `${withScripts(scripts[name]!)} ` : whole,
  );
}

/** Runs a command as a step of a pull request to `main`. */
function step(command: string): Promise<Outcome> {
  const env = {
    PATH: `${path("node_modules/.bin")}:${process.env["PATH"]}`,
    GITHUB_ACTIONS: "true",
    GITHUB_BASE_REF: "main",
    GITHUB_STEP_SUMMARY: path("summary.md"),
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_prefer_offline: "true",
  };
  return run("bash", ["-c", withScripts(command)], { cwd: project.path, env });
}

/** The outcome of a script, which must fail. */
async function failureOf(script: string): Promise<string> {
  const { code, stdout, stderr } = await step(`npm run ${script}`);
  expect(code).toBe(1);
  return stdout + stderr;
}

beforeAll(async () => {
  cpSync(example, project.path, {
    recursive: true,
    filter: (name) => !/\/(?:node_modules|dist)$/.test(name),
  });
  // What a person does once, and commits.
  await installProject(project.path, manifestIn(example), { manager: "npm", args: ["--package-lock-only"] });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await commit();
  await git("update-ref", "refs/remotes/origin/main", "HEAD");
  const { code, stdout, stderr } = await step(INSTALL);
  if (code !== 0) throw new Error(`${INSTALL}:\n${stdout}${stderr}`);
}, 60_000);

beforeEach(async () => {
  await git("reset", "--quiet", "--hard", "origin/main");
});

afterAll(() => project[Symbol.dispose]());

describe("the workflow", () => {
  test.each(["service", "contract"])("passes as it is: %s", async (job) => {
    const [install, ...steps] = stepsOf(job);
    expect(install).toBe(INSTALL);
    expect(steps.length).toBeGreaterThan(0);
    for (const command of steps) {
      const { code, stdout, stderr } = await step(command);
      if (code !== 0) throw new Error(`${command}:\n${stdout}${stderr}`);
    }
  });

  test("refuses versions that are not exact, or not one", async () => {
    edit("package.json", '"@callwire/server-kit": "', '"@callwire/server-kit": "^');
    expect(await failureOf("check:versions")).toContain("npm install --save-exact @callwire/server-kit");
    edit("package.json", /"@callwire\/server-kit": "[^"]+"/, '"@callwire/server-kit": "0.0.9"');
    expect(await failureOf("check:versions")).toContain("raise all of @callwire/* together");
    await git("checkout", "--quiet", "package.json");
    const other = '"node_modules/a/node_modules/@callwire/transport":{"version":"0.0.9"},';
    edit(
      "package-lock.json",
      '"node_modules/@callwire/protobuf"',
      `${other}"node_modules/@callwire/protobuf"`,
    );
    expect(await failureOf("check:versions")).toContain(
      "node_modules/a/node_modules/@callwire/transport is 0.0.9",
    );
  });

  test("refuses generated code that is not what the plugin makes", async () => {
    edit(generated, 'id: ""', 'id: "none"');
    await commit();
    const said = await failureOf("check:generated");
    expect(said).toContain(generated);
    expect(said).toContain("Run `npm run generate`, and commit src/gen.");
  });

  test("shows a change of the contract, and refuses one that breaks clients, or keeps the version", async () => {
    edit(contract, "string place = 1;", "string place = 1;\n  // When that was.\n  string seen_at = 2;");
    await step("npm run generate");
    expect(await failureOf("contract:diff")).toContain(
      "parcels.v1.ParcelService has changed, and is still 1.0.0: raise contract_version in buf.gen.yaml",
    );
    edit("buf.gen.yaml", "contract_version=1.0.0", "contract_version=1.1.0");
    await step("npm run generate");
    const raised = await step("npm run contract:diff");
    expect(raised).toMatchObject({ code: 0, stdout: expect.stringContaining("+  string seen_at = 2;") });
    expect(readFileSync(path("summary.md"), "utf8")).toContain("+  string seen_at = 2;");
    edit(contract, "string place = 1;", "int64 place = 1;");
    const said = await failureOf("contract:diff");
    expect(said).toMatch(/^::error file=proto\/parcels\/v1\/parcel_service.proto,line=\d+/m);
    expect(said).toContain("put back what was there");
  });

  test("refuses a server of another contract, and one that names none", async () => {
    await step("npm run build");
    const { echoUnary } = EchoServiceDefinition.methods;
    const definition = {
      name: "ParcelService",
      fullName: "parcels.v1.ParcelService",
      methods: { echoUnary: { ...echoUnary, name: "GetParcel" } },
    };
    for (const [contractOfServer, said] of [
      ["2.0.0+00000000", "the server has contract 2.0.0+00000000"],
      [undefined, "names no contract: was its code generated with contract_version?"],
    ] as const) {
      const server = createServer();
      server.add({ ...definition, ...(contractOfServer && { contract: contractOfServer }) }, echoService());
      const port = await server.listen("127.0.0.1:0");
      const { code, stderr } = await step(`node dist/check-server.js 127.0.0.1:${port}`);
      server.forceShutdown();
      expect(stderr).toContain(said);
      expect(code).toBe(1);
    }
  });
});
