// Serves the edge with the packages as a stranger installs them, in the ways that it is mounted: `fetch` in Hono and in what serves
// a fetch handler here, `handler` of node:http, and the port of gRPC. src/runtimes.test.ts runs it on each program that runs
// JavaScript. Prints "ok on" and what ran it, or fails with what was wrong.
import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createClient } from "@callwire/client-sdk";
import { createChannel } from "@callwire/transport";
import { createEdge } from "@callwire/edge";
import { createServer, notFound } from "@callwire/server-kit";
import { Hono } from "hono";

const watches = new EventEmitter();

const user = (id) => ({ id, name: `Ann ${id}`, email: `${id}@example.com`, age: 30, roles: ["a"] });

const server = createServer().add(UserServiceDefinition, {
  async getUser({ id }) {
    if (id === "nobody") throw notFound({ resource: "users.User", id });
    return user(id);
  },
  async createUser({ name }) {
    return { ...user("new"), name };
  },
  async listUsers({ pageSize }) {
    return { users: Array.from({ length: pageSize }, (_, index) => user(String(index))) };
  },
  async *watchUsers(_request, { signal }) {
    try {
      for (let index = 0; ; index++) {
        yield { eventType: "updated", resumeToken: String(index) };
        if (index === 2) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        if (signal.aborted) return;
      }
    } finally {
      watches.emit("end");
    }
  },
  async uploadUsers(rows) {
    let created = 0;
    for await (const { name } of rows) if (name === `Ann ${created}`) created++;
    return { created };
  },
  async *chat(messages) {
    for await (const { sender, content } of messages) yield { sender, content: content.toUpperCase() };
  },
  async updateUser({ user }) {
    return user;
  },
  async deleteUser() {
    return {};
  },
});

const JSON_TYPE = { "content-type": "application/json" };

/** Every kind of call, by REST and by Connect, over a server at this address. */
async function tryCalls(base) {
  const got = await fetch(`${base}/v1/users/7`);
  assert.equal(got.status, 200);
  assert.equal((await got.json()).name, "Ann 7");
  const missing = await fetch(`${base}/v1/users/nobody`);
  assert.equal(missing.status, 404);
  assert.equal((await missing.json()).error.status, "NOT_FOUND");
  const made = await fetch(`${base}/v1/users`, {
    method: "POST",
    headers: JSON_TYPE,
    body: `{"name": "Bob"}`,
  });
  assert.equal((await made.json()).name, "Bob");
  const wrong = await fetch(`${base}/v1/users`, { method: "POST", headers: JSON_TYPE, body: `{"name": 1}` });
  assert.equal(wrong.status, 400);
  // As much as is compressed.
  const page = await fetch(`${base}/v1/users?page_size=1000`);
  assert.equal((await page.json()).users.length, 1000);

  const rows = Array.from({ length: 5000 }, (_, index) => `{"name": "Ann ${index}"}\n`).join("");
  const type = { "content-type": "application/x-ndjson" };
  const sent = await fetch(`${base}/v1/users:upload`, { method: "POST", headers: type, body: rows });
  assert.equal((await sent.json()).created, 5000);

  await tryWatch(`${base}/v1/users:watch`, "text/event-stream", /^id: 1$/m);
  await tryWatch(`${base}/v1/users:watch`, "application/x-ndjson", /"resumeToken":"1"/);

  const byConnect = await fetch(`${base}/users.UserService/GetUser`, {
    method: "POST",
    headers: { ...JSON_TYPE, "connect-protocol-version": "1" },
    body: `{"id": "8"}`,
  });
  assert.equal((await byConnect.json()).name, "Ann 8");
}

/** A watch that its reader leaves ends on the server, too. */
async function tryWatch(url, accept, event) {
  const controller = new AbortController();
  const response = await fetch(url, { headers: { accept }, signal: controller.signal });
  assert.equal(response.status, 200);
  let text = "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  while (!event.test(text)) {
    const { done, value } = await reader.read();
    assert.ok(!done, text);
    text += decoder.decode(value, { stream: true });
  }
  const ended = once(watches, "end");
  controller.abort();
  await ended;
}

/** Serves a function of Request and Response as one does here; returns its address and what stops it. */
async function serveFetch(answer) {
  if (globalThis.Bun !== undefined) {
    const served = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
    return { port: served.port, stop: () => served.stop(true) };
  }
  if (globalThis.Deno !== undefined) {
    const served = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) =>
      answer(request),
    );
    return { port: served.addr.port, stop: () => served.shutdown() };
  }
  const { serve } = await import("@hono/node-server");
  return new Promise((resolve) => {
    const served = serve({ fetch: answer, port: 0, hostname: "127.0.0.1" }, ({ port }) =>
      resolve({ port, stop: () => served.close() }),
    );
  });
}

async function serveNode(handler) {
  const served = createHttpServer(handler).listen(0, "127.0.0.1");
  await once(served, "listening");
  return { port: served.address().port, stop: () => served.close() };
}

async function tryServed({ port, stop }, name) {
  try {
    await tryCalls(`http://127.0.0.1:${port}`);
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
  await stop();
}

const edge = createEdge({ server });
await tryServed(await serveFetch(edge.fetch), "fetch");
await tryServed(await serveFetch(new Hono().mount("/", edge.fetch).fetch), "Hono");
await tryServed(await serveNode(edge.handler), "handler of node:http");

server.http(edge);
const port = await server.listen("127.0.0.1:0");
await tryServed({ port, stop: () => {} }, "the port of gRPC");
const client = createClient(UserServiceDefinition, { address: `127.0.0.1:${port}` });
assert.equal((await client.getUser({ id: "9" })).name, "Ann 9");
client.close();

const channel = createChannel(`127.0.0.1:${port}`);
const behind = createEdge({ channel, services: [UserServiceDefinition] });
await tryServed(await serveFetch(behind.fetch), "fetch before a channel");

channel.close();
await server.shutdown({ timeoutMs: 5000 });

const { node, bun, deno } = process.versions;
channel.close();
console.log(`ok on ${deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`}`);
