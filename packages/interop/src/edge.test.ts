import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import { createChannel } from "@callwire/transport";
import { expect, test } from "@jest/globals";
import { start } from "./run.js";
import { startUsersService } from "./users-service-process.js";

/** The commands of the README, in their order. */
function readmeCommands(): string[] {
  const readme = readFileSync(
    new URL("README.md", import.meta.resolve("@callwire/edge/package.json")),
    "utf8",
  );
  const section = readme.slice(readme.indexOf("## Call it with curl"));
  const block = /^```sh\n(.*?)^```$/ms.exec(section)?.[1] ?? "";
  return block.trim().split("\n");
}

/** The code of the guide for pages. */
function guideCode(): string {
  const guide = readFileSync(new URL("../../../docs/edge.md", import.meta.url), "utf8");
  return /^```js\n(.*?)^```$/ms.exec(guide)?.[1] ?? "";
}

/** Runs a command by bash, which the README's quotes are for. */
async function shell(command: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout } = await start("bash", ["-c", command], { env }).outcome;
  // A watch goes on until the time is over that curl gives it.
  expect([0, 28]).toContain(code);
  return stdout;
}

/** Node.js has a WebSocket of its own since 20.10, at first by this flag. */
const WEB_SOCKET = "--experimental-websocket";
const hasWebSocket = spawnSync(process.execPath, [WEB_SOCKET, "-e", "WebSocket"]).status === 0;
if (!hasWebSocket) process.stderr.write("SKIPPED: a chat by WebSocket; this Node.js has none\n");

const hasPrograms = ["bash", "curl"].every((name) => spawnSync(name, ["--version"]).status === 0);
if (!hasPrograms) process.stderr.write("SKIPPED: calls by curl; there is no curl, or no bash\n");

(hasPrograms ? test : test.skip)(
  "curl calls the users service through an edge, as the README says",
  async () => {
    await using service = await startUsersService();
    const channel = createChannel(service.address);
    const edge = createEdge({ channel, services: [UserServiceDefinition] });
    const http = createServer(edge.handler).on("upgrade", edge.upgrade).listen(0, "127.0.0.1");
    await once(http, "listening");
    const { port } = http.address() as AddressInfo;
    const commands = readmeCommands().map((line) => line.replaceAll("localhost:8080", `127.0.0.1:${port}`));
    const [create, list, get, connect, update, guarded, upload, watch, events, remove, ...others] = commands;
    try {
      expect(others).toEqual([]);
      const ada = JSON.parse(await shell(create!, {})) as Record<string, string>;
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
        const address = `ws://127.0.0.1:${port}/users.UserService/Chat`;
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
      http.closeAllConnections();
      channel.close();
    }
  },
);
