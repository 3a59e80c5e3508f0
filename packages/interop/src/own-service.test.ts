import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { installProject, manifestIn } from "./registry/project.js";
import { run, runWell, start } from "./run.js";
import { temporaryFolder } from "./temporary-folder.js";

const ownService = fileURLToPath(new URL("../own-service", import.meta.url));

test("a service of one's own is made of the published packages", async () => {
  using project = temporaryFolder();
  for (const part of ["src", "proto", "tsconfig.json"]) {
    cpSync(join(ownService, part), join(project.path, part), { recursive: true });
  }
  await installProject(project.path, manifestIn(ownService));
  await runWell("pnpm", ["build"], { cwd: project.path });

  const token = "token-of-the-shop";
  await using service = start(process.execPath, ["dist/service.js"], {
    cwd: project.path,
    env: { INVENTORY_TOKEN: token },
  });
  const port = await service.line((line) => /"port":(\d+).*"msg":"listening"/.exec(line)?.[1]);
  const client = (...args: string[]) =>
    run(process.execPath, ["dist/client.js", `127.0.0.1:${port}`, ...args], { cwd: project.path });

  const stranger = await client("token-of-nobody");
  expect(stranger.code).toBe(1);
  expect(stranger.stderr).toContain(
    "inventory.v1.InventoryService/Reserve UNAUTHENTICATED: the token is not valid",
  );

  const shop = await client(token);
  expect(shop).toMatchObject({ code: 0, stderr: "" });
  expect(shop.stdout.split("\n")).toEqual([
    "{ left: 1 }",
    "{ left: 1 }",
    "{ left: 0 }",
    "FAILED_PRECONDITION [ { type: 'STOCK', subject: 'lamp', description: 'there are only 0' } ]",
    "",
  ]);

  service.child.kill("SIGTERM");
  const { code, stdout } = await service.outcome;
  expect(code).toBe(0);
  expect(stdout).not.toContain(token);
  expect(stdout).toMatch(/"item":"lamp","count":2,"by":"shop","msg":"reserved"/);
}, 60_000);
