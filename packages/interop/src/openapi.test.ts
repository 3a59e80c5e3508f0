import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createChannel } from "@callwire/transport";
import { expect, test } from "@jest/globals";
import { documentedEdge } from "./documented-edge.js";
import { useUsers } from "./openapi-client.js";
import { run } from "./run.js";
import { startUsersService } from "./users-service-process.js";

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The documents of the users contract, and of the edge's probe, which has rules and fields of every kind. */
const documents = ["../../../gen/src/openapi.json", "../../edge/src/testing/gen/openapi.json"].map(pathOf);

test("Redocly's linter finds nothing to say of the documents", async () => {
  const env = { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const redocly = pathOf("../node_modules/.bin/redocly");
  const { code, stdout } = await run(redocly, ["lint", "--format", "json", ...documents], { env });
  // An object for each document.
  const results = stdout.split(/(?<=^\})(?=\{$)/m).map((text) => JSON.parse(text) as { problems: unknown[] });
  expect(results.map(({ problems }) => problems)).toEqual(documents.map(() => []));
  expect(code).toBe(0);
});

test("a client by openapi-typescript and openapi-fetch calls the users service through an edge", async () => {
  await using service = await startUsersService();
  const channel = createChannel(service.address);
  const http = createServer(documentedEdge(channel).handler).listen(0, "127.0.0.1");
  await once(http, "listening");
  try {
    const { port } = http.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const { ada, page, error, first, deleted } = await useUsers(url);
    expect(ada).toMatchObject({ name: "Ada Lovelace", department: "ENGINEERING" });
    expect(page).toMatchObject({ users: [{ id: ada.id, age: 36 }], totalCount: 1 });
    expect(error?.error).toMatchObject({ code: 404, status: "NOT_FOUND" });
    expect(JSON.parse(first!)).toMatchObject({ eventType: "heartbeat" });
    expect(deleted?.id).toBe(ada.id);
    const served = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(served.paths)).toContain("/v1/users:watch");
    expect(await (await fetch(`${url}/docs`)).text()).toContain("<title>Users</title>");
  } finally {
    http.close();
    http.closeAllConnections();
    channel.close();
  }
});
