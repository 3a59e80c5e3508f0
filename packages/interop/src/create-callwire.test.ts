// What `npm create callwire` makes, as a person uses it: installed, tested, started and called.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createProject, type CreatedProject } from "./created-project.js";
import { run, start, type Running } from "./run.js";
import { temporaryFolder, type TemporaryFolder } from "./temporary-folder.js";

const GENERATED = "src/gen/greeter/v1/greeter_service.ts";
const env = { NODE_ENV: undefined, ADDRESS: undefined, TOKEN: undefined, LOG_LEVEL: undefined };
let folder: TemporaryFolder;
let service: CreatedProject;
let client: CreatedProject;

beforeAll(async () => {
  folder = temporaryFolder();
  [service, client] = await Promise.all([
    createProject(folder.path, "my-service", "service"),
    createProject(folder.path, "my-client", "client"),
  ]);
}, 120_000);

afterAll(() => folder[Symbol.dispose]());

/** Does something with a service that runs; resolves to what it has logged. */
async function whileItRuns(
  running: Running,
  use: (env: NodeJS.ProcessEnv) => Promise<void>,
): Promise<string> {
  await using service = running;
  const ADDRESS = await service.line((line) => /"address":"([^"]+)".*"msg":"listening"/.exec(line)?.[1]);
  await use({ ...env, ADDRESS });
  // As a terminal's Ctrl-C: all that npm has started get it.
  process.kill(-service.child.pid!, "SIGINT");
  return (await service.outcome).stdout;
}

describe("the service", () => {
  test("passes its tests", async () => {
    expect(await service.npm("test", { env })).toMatch(/^. fail 0$/m);
  }, 60_000);

  test("has generated code that is up to date, and a contract in good style", async () => {
    const before = readFileSync(join(service.path, GENERATED), "utf8");
    await service.npm("generate");
    expect(readFileSync(join(service.path, GENERATED), "utf8")).toBe(before);
    await service.npm("lint:proto");
  }, 60_000);

  test("starts, is called by its client and by that of the other template, and stops", async () => {
    const started = service.start({ ...env, ADDRESS: "127.0.0.1:0" });
    const log = await whileItRuns(started, async (env) => {
      const own = await service.npm("client", { env, args: ["Ada"] });
      expect(own).toBe("Hello Ada, from the operator!\n");
      const other = await client.npm("start", { env, args: ["Bob"] });
      expect(other).toBe("Hello Bob, from the operator!\n");
      const readme = readFileSync(join(service.path, "README.md"), "utf8");
      const curl = /^curl .*$/m.exec(readme)![0].replace("localhost:50051", env["ADDRESS"]!);
      const { stdout } = await run("bash", ["-c", curl]);
      expect(JSON.parse(stdout)).toEqual({ greeting: "Hello Ada, from the operator!" });
    });
    expect(log).toContain('"name":"my-service"');
    expect(log).toContain('"forced":false,"cutOff":[],"msg":"stopped"');
  }, 60_000);

  test("needs a token in production", async () => {
    const { code, stderr } = await run(process.execPath, ["dist/main.js"], {
      cwd: service.path,
      env: { ...env, ADDRESS: "127.0.0.1:0", NODE_ENV: "production" },
    });
    expect(code).toBe(1);
    expect(stderr).toContain("TOKEN is not set");
  }, 60_000);
});

test("the client passes its tests", async () => {
  expect(await client.npm("test", { env })).toMatch(/^. fail 0$/m);
}, 60_000);

test("a method of one's own, with a test, a client and REST, takes at most ten lines of code", async () => {
  // The contract.
  const proto = "proto/greeter/v1/greeter_service.proto";
  const rule = 'option (google.api.http).get = "/v1/farewells/{name}";';
  service.edit(
    proto,
    "service GreeterService {\n",
    `service GreeterService {\n  rpc Leave(LeaveRequest) returns (LeaveResponse) {\n    ${rule}\n  }\n`,
  );
  const name = "package greeter.v1;\n";
  service.edit(proto, name, `${name}\nimport "google/api/annotations.proto";\n`);
  const guide = readFileSync(new URL("../../../docs/edge.md", import.meta.url), "utf8");
  const contracts = fileURLToPath(
    new URL("proto/google", import.meta.resolve("@callwire/contracts/package.json")),
  );
  cpSync(contracts, join(service.path, "proto/google"), { recursive: true });
  writeFileSync(join(service.path, "buf.yaml"), /^```yaml\n(.*?)^```$/ms.exec(guide)![1]!);
  const messages =
    "message LeaveRequest {\n  string name = 1;\n}\n\nmessage LeaveResponse {\n  string farewell = 1;\n}\n";
  service.edit(proto, "// Says whom to greet.\n", `${messages}\n// Says whom to greet.\n`);
  // The code.
  const own = {
    server: ["leave: ({ name }, { auth }) => ({ farewell: `Goodbye ${name}, from ${auth.name}!` }),"],
    test: [
      'test("says goodbye", async () => {',
      '  await using running = await start("ada");',
      '  deepEqual(await running.greeter.leave({ name: "Bob" }), { farewell: "Goodbye Bob, from Ada!" });',
      "});",
    ],
    client: ["console.log((await greeter.leave({ name })).farewell);"],
  };
  const handlers = ".add(GreeterServiceDefinition, {\n";
  service.edit("src/server.ts", handlers, `${handlers}${own.server.join("\n")}\n`);
  service.edit("src/server.test.ts", 'test("greets, and', `${own.test.join("\n")}\n\ntest("greets, and`);
  service.edit("src/client.ts", "console.log(greeting);", `console.log(greeting);\n${own.client.join("\n")}`);
  expect(Object.values(own).flat().length).toBeLessThanOrEqual(10);

  await service.npm("generate");
  await service.npm("lint:proto");
  expect(await service.npm("test", { env })).toMatch(/^. pass 5$/m);
  const program = (name: string, args: readonly string[], more: NodeJS.ProcessEnv) =>
    start(process.execPath, [`dist/${name}.js`, ...args], {
      cwd: service.path,
      env: { ...env, ...more },
      withChildren: true,
    });
  await whileItRuns(program("main", [], { ADDRESS: "127.0.0.1:0" }), async (env) => {
    const { stdout } = await program("client", ["Ada"], env).outcome;
    expect(stdout).toBe("Hello Ada, from the operator!\nGoodbye Ada, from the operator!\n");
    const headers = { authorization: "Bearer development" };
    const answer = await fetch(`http://${env["ADDRESS"]}/v1/farewells/Ada`, { headers });
    expect(await answer.json()).toEqual({ farewell: "Goodbye Ada, from the operator!" });
  });
}, 60_000);
