import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { testCertificates } from "@callwire/testkit";
import { createChannel } from "@callwire/transport";
import { expect, test } from "@jest/globals";
import { start } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService } from "./users-service-process.js";

/** The runtime of the service: only the transport has HTTP on the port of gRPC. */
declare const runtimeName: string;
const hasOnePort = runtimeName === "transport";

/** The section of a page that says how to call by curl. */
function curlSection(page: URL): string {
  const [, section = ""] = readFileSync(page, "utf8").split("## Call it with curl");
  return section.split("\n## ")[0]!;
}

/** The commands of the edge's README, in their order. */
function edgeCommands(): string[] {
  const section = curlSection(new URL("README.md", import.meta.resolve("@callwire/edge/package.json")));
  const block = /^```sh\n(.*?)^```$/ms.exec(section)?.[1] ?? "";
  return block.trim().split("\n");
}

/** The commands of the table in the repository's README, by what they do. */
function tableCommands(): Record<string, string> {
  const rows = curlSection(new URL("../../../README.md", import.meta.url)).matchAll(
    /^\| (.+?) +\| `(curl.*?)` *\|$/gm,
  );
  return Object.fromEntries(Array.from(rows, ([, what, command]) => [what!, command!]));
}

/** The code of the guide for pages. */
function guideCode(): string {
  const guide = readFileSync(new URL("../../../docs/edge.md", import.meta.url), "utf8");
  return /^```js\n(.*?)^```$/ms.exec(guide)?.[1] ?? "";
}

/** Runs a command by bash, which the README's quotes are for. */
async function shell(command: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout } = await start("bash", ["-c", command], { env }).outcome;
  // A watch goes on until the time is over that curl gives it.
  expect([0, 28]).toContain(code);
  return stdout;
}

/** Where HTTP is answered: on the service's port, or by an edge before it. */
async function httpBefore(address: string): Promise<{ address: string; close(): void }> {
  if (hasOnePort) return { address, close: () => {} };
  const channel = createChannel(address);
  const edge = createEdge({ channel, services: [UserServiceDefinition] });
  const http = createServer(edge.handler).on("upgrade", edge.upgrade).listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    address: `127.0.0.1:${(http.address() as AddressInfo).port}`,
    close() {
      http.close();
      http.closeAllConnections();
      channel.close();
    },
  };
}

/** Node.js has a WebSocket of its own since 20.10, at first by this flag. */
const WEB_SOCKET = "--experimental-websocket";
const hasWebSocket = spawnSync(process.execPath, [WEB_SOCKET, "-e", "WebSocket"]).status === 0;
if (!hasWebSocket) process.stderr.write("SKIPPED: a chat by WebSocket; this Node.js has none\n");

const hasPrograms = ["bash", "curl"].every((name) => spawnSync(name, ["--version"]).status === 0);
if (!hasPrograms) process.stderr.write("SKIPPED: calls by curl; there is no curl, or no bash\n");
const withPrograms = hasPrograms ? test : test.skip;

withPrograms("curl calls the users service by REST, as the edge's README says", async () => {
  await using service = await startUsersService();
  const http = await httpBefore(service.address);
  const commands = edgeCommands().map((line) => line.replaceAll("localhost:50051", http.address));
  const [create, list, get, connect, update, guarded, upload, watch, events, remove, ...others] = commands;
  try {
    expect(others).toEqual([]);
    const ada = JSON.parse(await shell(create!)) as Record<string, string>;
    expect(ada).toMatchObject({
      name: "Ada Lovelace",
      department: "ENGINEERING",
      createdAt: expect.any(String),
    });
    const env = { ID: ada["id"] };
    expect(JSON.parse(await shell(list!, env))).toEqual({ users: [ada], totalCount: 1 });
    expect(JSON.parse(await shell(get!, env))).toEqual(ada);
    expect(JSON.parse(await shell(connect!, env))).toEqual(ada);
    expect(JSON.parse(await shell(update!, env))).toMatchObject({
      id: ada["id"],
      name: "Ada Lovelace",
      age: 36,
    });
    expect(JSON.parse(await shell(guarded!, env))).toMatchObject({
      error: { code: 412, status: "ABORTED", details: [{ reason: "ETAG_MISMATCH" }, {}] },
    });
    expect(JSON.parse(await shell(upload!, env))).toMatchObject({
      created: 1,
      failed: 1,
      errors: [{ index: 1 }, { index: 1 }],
    });
    // The first event of a watch confirms its position.
    expect(JSON.parse(await shell(watch!, env))).toMatchObject({ eventType: "heartbeat" });
    expect(await shell(events!, env)).toMatch(/^id: \S+\ndata: \{"eventType":"heartbeat",.*\}\n\n$/);
    // Chat has no rule, and so no command: a WebSocket carries it, as the guide says.
    if (hasWebSocket) {
      const address = `ws://${http.address}/users.UserService/Chat`;
      const talk = `talk("${address}", "token", [{ sender: "ada", content: "hello" }]).then((said) => console.log(JSON.stringify(said)))`;
      const { stdout } = await start(process.execPath, [WEB_SOCKET, "-e", `${guideCode()}${talk}`], {})
        .outcome;
      expect(JSON.parse(stdout)).toMatchObject({
        code: 1000,
        received: [{ sender: "ada", content: "hello", id: expect.any(String) }],
      });
    }
    expect(JSON.parse(await shell(remove!, env))).toMatchObject({ id: ada["id"] });
    expect(JSON.parse(await shell(get!, env))).toMatchObject({
      error: {
        code: 404,
        status: "NOT_FOUND",
        details: [{ reason: "USER_NOT_FOUND", domain: "users.UserService" }, { resourceName: ada["id"] }],
      },
    });
  } finally {
    http.close();
  }
});

(hasPrograms && hasOnePort ? test : test.skip)(
  "curl calls it on the port of gRPC, as the repository's README says, in each version of HTTP, and over TLS",
  async () => {
    using folder = temporaryFolder();
    const written = (name: string, text: string) => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const { ca, server } = await testCertificates();
    const files = [
      "--tls-cert",
      written("cert.pem", server.cert),
      "--tls-key",
      written("key.pem", server.key),
    ];
    await using clear = await startUsersService(["--cors-origins", "https://app.example.com"]);
    await using secured = await startUsersService(files);

    const table = tableCommands();
    const answers: Record<string, string> = {};
    for (const [what, command] of Object.entries(table))
      answers[what] = await shell(command.replaceAll("localhost:50051", clear.address));
    const grace = JSON.parse(answers["create a user"]!) as object;
    expect(answers).toEqual({
      "create a user": expect.stringContaining('"name":"Grace Hopper"'),
      "list users": JSON.stringify({ users: [grace], totalCount: 1 }),
      "what an error says": expect.stringContaining('"field":"page_size"'),
      "watch for a second": expect.stringMatching(/^id: \S+\ndata: \{"eventType":"heartbeat"/),
      "the same by HTTP/2": JSON.stringify({ users: [grace], totalCount: 1 }),
      "the same by Connect": JSON.stringify({ users: [grace], totalCount: 1 }),
      "OpenAPI 3.1": expect.stringMatching(/^\{"openapi":"3\.1\.\d","info":\{"title":"Users"/),
      health: '{"status":"SERVING"}',
    });

    const version = (flags: string, url: string) =>
      shell(`curl -s -o /dev/null -w '%{http_code} %{http_version}' ${flags} '${url}/v1/users'`);
    // Without prior knowledge, curl asks to upgrade: a server may go on with HTTP/1.1.
    expect(await version("--http2", `http://${clear.address}`)).toBe("200 1.1");
    const https = `https://localhost:${secured.address.split(":")[1]}`;
    const trust = `--cacert ${written("ca.pem", ca)}`;
    expect(await version(`${trust} --http1.1`, https)).toBe("200 1.1");
    expect(await version(`${trust} --http2`, https)).toBe("200 2");

    const cors = (origin: string) =>
      shell(`curl -si -H 'origin: ${origin}' 'http://${clear.address}/v1/users'`);
    expect(await cors("https://app.example.com")).toContain(
      "access-control-allow-origin: https://app.example.com",
    );
    expect(await cors("https://else.example.com")).not.toContain("access-control-allow-origin");
  },
);
