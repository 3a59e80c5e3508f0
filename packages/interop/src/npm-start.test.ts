import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createUsersClient } from "@callwire/client-sdk/users";
import { afterAll, expect, test } from "@jest/globals";
import { freeAddress } from "./proxies/free-ports.js";
import { temporaryFolder } from "./temporary-folder.js";
import { startUsersService } from "./users-service-process.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** `npm start` in a process group of its own, as a terminal makes one. */
function npmStart(...args: string[]) {
  const npm = spawn("npm", ["start", "--", ...args], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  npm.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const lines: string[] = [];
  const listening = new Promise<Record<string, unknown>>((resolve, reject) => {
    createInterface(npm.stdout).on("line", (line) => {
      lines.push(line);
      if (line.includes('"msg":"listening"')) resolve(JSON.parse(line) as Record<string, unknown>);
    });
    npm.once("close", () => reject(new Error([...lines, stderr].join("\n"))));
  });
  listening.catch(() => {});
  return {
    npm,
    lines,
    listening,
    // All that have its streams have ended then, an orphan too.
    closed: once(npm, "close"),
    async [Symbol.asyncDispose]() {
      try {
        process.kill(-npm.pid!, "SIGKILL");
      } catch {
        // It has ended.
      }
    },
  };
}

test.each<[NodeJS.Signals, "npm alone" | "the group"]>([
  ["SIGTERM", "npm alone"],
  ["SIGINT", "the group"],
])(
  "%s to %s stops the service gracefully, with its port and database; what it says is npm's words and its own lines alone",
  async (signal, to) => {
    const database = join(folder.path, `${signal}-${to.replace(" ", "-")}.db`);
    await using started = npmStart("--address", await freeAddress(), "--database", database);
    const listening = await started.listening;
    const settings = { tls: false, tokens: 0, database, runtime: "transport", msg: "listening" };
    expect(listening).toMatchObject(settings);
    const { address } = listening;
    await using users = createUsersClient({ address: address as string });
    const { id } = await users.createUser({ name: "Ada", email: "ada@example.com" });

    process.kill(to === "the group" ? -started.npm.pid! : started.npm.pid!, signal);
    await started.closed;
    expect(started.lines.join("\n")).toMatch(/"forced":false.*"msg":"stopped"/);
    const others = started.lines.filter((line) => line !== "" && !line.startsWith("{"));
    expect(others.filter((line) => !line.startsWith("> "))).toEqual([]);
    // Nobody has the port or the database any more.
    await using successor = await startUsersService(["--address", address as string, "--database", database]);
    await using again = createUsersClient({ address: address as string });
    expect(await again.getUser({ id })).toMatchObject({ name: "Ada" });
    await successor.stop("SIGTERM");
  },
  180_000,
);
