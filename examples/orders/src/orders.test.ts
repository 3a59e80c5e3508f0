// The example as it runs: two programs, TLS between them, and a signal at the end; and its parts, within this process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createClient, Status } from "@callwire/client-sdk";
import { testServer } from "@callwire/server-kit/testing";
import { testCertificates } from "@callwire/testkit";
import { OrderServiceDefinition, OrderState } from "./gen/orders/v1/order_service.js";
import { createOrdersServer } from "./server.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The lines of code: neither empty nor of a comment. */
const linesOf = (...files: string[]) =>
  files
    .flatMap((file) => readFileSync(path(file), "utf8").split("\n"))
    .filter((line) => !/^\s*(?:\/\/|\/?\*|$)/.test(line)).length;

test("the server has at most 90 lines of code, and the client 30", () => {
  const server = linesOf("server.ts", "main.ts");
  const client = linesOf("client.ts");
  expect(server).toBeLessThanOrEqual(90);
  expect(client).toBeLessThanOrEqual(30);
  const pageOf = (relative: string) => readFileSync(path(relative), "utf8");
  expect(pageOf("../README.md")).toContain(`Its server has ${server} lines of code, its client ${client};`);
  expect(pageOf("../../../README.md")).toContain(`service needs, roles and TLS too, in ${server} lines.`);
  expect(pageOf("../../../docs/architecture.md")).toContain(
    `a whole service of ${server} lines, and its client`,
  );
});

describe("the programs", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "callwire-orders-"));
    const { ca, server } = await testCertificates();
    for (const [name, pem] of Object.entries({ ca, ...server }))
      writeFileSync(join(folder, `${name}.pem`), pem);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function start(program: string, env: NodeJS.ProcessEnv) {
    return spawn(process.execPath, [path(`../dist/${program}.js`)], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  test("serve and call over TLS, and the server stops at a signal", async () => {
    const CALLERS = JSON.stringify({ "token-of-max": { name: "Max", roles: ["manager"] } });
    const server = start("main", {
      ADDRESS: "127.0.0.1:0",
      CALLERS,
      TLS_CERT: "cert.pem",
      TLS_KEY: "key.pem",
    });
    try {
      const lines: Record<string, unknown>[] = [];
      const listening = new Promise<unknown>((resolve) => {
        createInterface(server.stdout).on("line", (line) => {
          lines.push(JSON.parse(line) as Record<string, unknown>);
          resolve(lines[0]!["port"]);
        });
      });
      const ended = once(server, "close");
      const ADDRESS = `localhost:${String(await listening)}`;
      const client = start("client", { ADDRESS, TOKEN: "token-of-max", TLS_CA: "ca.pem" });
      let said = "";
      client.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
      expect(await once(client, "close")).toEqual([0, null]);
      expect(said).toBe(`placed lamp
imported { placed: 2, refused: 1 }
changed lamp 2
INVALID_ARGUMENT INVALID_FIELDS [
  {
    field: 'item',
    description: 'is required',
    reason: '',
    localizedMessage: undefined
  },
  {
    field: 'count',
    description: 'is less than 1',
    reason: '',
    localizedMessage: undefined
  }
]
`);
      server.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
      expect(lines[0]).toMatchObject({ msg: "listening", tls: true });
      expect(lines).toContainEqual(expect.objectContaining({ msg: "cancelled", by: "Max" }));
      expect(lines.at(-1)).toMatchObject({ msg: "stopped", forced: false });
      expect(JSON.stringify(lines)).not.toContain("token-of-max");
    } finally {
      server.kill("SIGKILL");
    }
  });
});

describe("the server", () => {
  const principals = { max: { name: "Max", roles: ["manager"] }, ann: { name: "Ann", roles: ["clerk"] } };
  const start = async (as?: keyof typeof principals) => {
    const server = await testServer(createOrdersServer, { principals });
    const orders = createClient(OrderServiceDefinition, server.connection(as && { as }));
    return { orders, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  };

  test("lets clerks do all but cancel", async () => {
    await using running = await start("ann");
    const { order } = await running.orders.placeOrder({ item: "lamp", count: 1 });
    expect(order).toMatchObject({ placedBy: "Ann", state: OrderState.ORDER_STATE_PLACED });
    await expect(running.orders.cancelOrder({ id: order!.id })).rejects.toMatchObject({
      code: Status.PERMISSION_DENIED,
      details: { errorInfo: { reason: "ROLE_MISSING", metadata: new Map([["roles", "manager"]]) } },
    });
    await using nobody = await start();
    await expect(nobody.orders.getOrder({ id: order!.id })).rejects.toMatchObject({
      code: Status.UNAUTHENTICATED,
    });
  });

  test("says why an order cannot be found, or cancelled twice", async () => {
    await using running = await start("max");
    await expect(running.orders.getOrder({ id: "x" })).rejects.toMatchObject({
      code: Status.NOT_FOUND,
      details: { resourceInfo: { resourceType: "orders.v1.Order", resourceName: "x" } },
    });
    const { order } = await running.orders.placeOrder({ item: "lamp", count: 1 });
    await running.orders.cancelOrder({ id: order!.id });
    await expect(running.orders.cancelOrder({ id: order!.id })).rejects.toMatchObject({
      code: Status.FAILED_PRECONDITION,
      details: { preconditionFailure: { violations: [{ type: "STATE", subject: order!.id }] } },
    });
  });
});
