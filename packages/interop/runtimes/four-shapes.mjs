// Serves and calls the four shapes with the packages as a stranger installs them, over the transport, in one process: without TLS,
// and with the certificates beside this file. src/runtimes.test.ts runs it on each program that runs JavaScript. Prints "ok on"
// and what ran it, or fails with what was wrong.
import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { CallError, createClient, Status } from "@callwire/client-sdk";
import {
  auth,
  createLogger,
  createServer,
  errorBoundary,
  logging,
  notFound,
  requestId,
  tlsCredentials,
} from "@callwire/server-kit";

const TOKEN = "the-token-of-the-four-shapes";
const MESSAGES = 1000;
const logger = createLogger({ name: "four-shapes" });
const handling = new EventEmitter();
let watchers = 0;

const user = (id) => ({
  id,
  name: `Ann ${id}`,
  email: `${id}@example.com`,
  age: 30,
  department: 1,
  roles: ["a"],
});

const serve = () =>
  createServer({
    middleware: [
      requestId(),
      logging({ logger }),
      errorBoundary({ logger }),
      auth({ verify: (token) => (token === TOKEN ? { subject: "tester" } : undefined) }),
    ],
  }).add(UserServiceDefinition, {
    async getUser({ id }, { auth, deadline }) {
      assert.equal(auth.subject, "tester");
      assert.ok(deadline instanceof Date);
      if (id === "nobody") throw notFound({ resource: "users.User", id });
      return user(id);
    },
    async createUser() {
      throw new Error("a secret of the server");
    },
    async listUsers(_request, { signal }) {
      handling.emit("list");
      await aborted(signal);
      return {};
    },
    async *watchUsers({ resumeToken }, { signal }) {
      for (let index = 0; index < MESSAGES; index++)
        yield { eventType: "updated", resumeToken: String(index) };
      if (resumeToken === "end") return;
      watchers++;
      await aborted(signal);
      watchers--;
    },
    async uploadUsers(rows) {
      let created = 0;
      for await (const { name } of rows) if (name === `Ann ${created}`) created++;
      return { created, failed: 0, errors: [] };
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

/** Settles when the signal aborts. */
const aborted = (signal) =>
  new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

/** The CallError that a call fails with. */
async function failure(call, code) {
  const error = await call.then(
    () => assert.fail("it did not fail"),
    (reason) => reason,
  );
  assert.ok(error instanceof CallError, String(error));
  assert.equal(Status[error.code], code);
  return error;
}

async function* count(make) {
  for (let index = 0; index < MESSAGES; index++) yield make(index);
}

/** An answer, many at once, long messages, errors, a wrong token, a time that runs out, a caller that gives up. */
async function unary(client, stranger) {
  assert.deepEqual((await client.getUser({ id: "7" })).roles, ["a"]);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, index) => client.getUser({ id: String(index) })),
  );
  assert.deepEqual(
    answers.map(({ name }) => name),
    answers.map((_, index) => `Ann ${index}`),
  );
  // More than the windows of a stream and of a connection let through at once.
  const name = "a".repeat(1024 * 1024) + "z";
  const large = await Promise.all(answers.slice(0, 8).map(() => client.updateUser({ user: { name } })));
  assert.ok(large.every((answer) => answer.name === name));

  const missing = await failure(client.getUser({ id: "nobody" }), "NOT_FOUND");
  assert.equal(missing.details.resourceInfo?.resourceName, "nobody");
  const hidden = await failure(client.createUser({ name: "Ann" }), "INTERNAL");
  assert.ok(!hidden.message.includes("secret"));
  await failure(stranger.getUser({ id: "7" }), "UNAUTHENTICATED");
  await failure(client.listUsers({}, { timeoutMs: 50 }), "DEADLINE_EXCEEDED");

  const controller = new AbortController();
  const begun = once(handling, "list");
  const given = assert.rejects(client.listUsers({}, { signal: controller.signal }), /not wanted/);
  await begun;
  controller.abort(new Error("not wanted"));
  await given;
}

/** A stream of answers: whole, and left in the middle. */
async function serverStream(client) {
  let next = 0;
  for await (const { resumeToken } of client.watchUsers({ resumeToken: "end" }))
    assert.equal(resumeToken, String(next++));
  assert.equal(next, MESSAGES);
  for await (const { resumeToken } of client.watchUsers({})) if (resumeToken === "500") break;
}

async function clientStream(client) {
  const summary = await client.uploadUsers(count((index) => ({ name: `Ann ${index}` })));
  assert.equal(summary.created, MESSAGES);
}

/** Streams both ways: as fast as they go, and each message only after the answer to the one before. */
async function bidi(client) {
  let next = 0;
  for await (const { content } of client.chat(count((index) => ({ sender: "a", content: `line ${index}` }))))
    assert.equal(content, `LINE ${next++}`);
  assert.equal(next, MESSAGES);

  let answered = 0;
  const turns = new EventEmitter();
  async function* inTurn() {
    for (let index = 0; index < 100; index++) {
      const answer = once(turns, "answer");
      yield { sender: "a", content: `turn ${index}` };
      await answer;
      assert.equal(answered, index + 1);
    }
  }
  for await (const { content } of client.chat(inTurn())) {
    assert.equal(content, `TURN ${answered++}`);
    turns.emit("answer");
  }
  assert.equal(answered, 100);
}

/** A stop ends the stream that is open, says so, and leaves nothing. */
async function stop(client, server) {
  const watch = client.watchUsers({})[Symbol.asyncIterator]();
  for (let index = 0; index < MESSAGES; index++) await watch.next();
  const end = failure(watch.next(), "UNAVAILABLE");
  const report = await server.shutdown({ timeoutMs: 5000 });
  await end;
  assert.deepEqual(report, { forced: false, cutOff: [] });
  assert.equal(watchers, 0);
}

async function fourShapes(credentials, clientTls) {
  const server = serve();
  const port = await server.listen("127.0.0.1:0", credentials);
  const options = { address: `127.0.0.1:${port}`, ...clientTls };
  const client = createClient(UserServiceDefinition, { ...options, token: TOKEN });
  const stranger = createClient(UserServiceDefinition, { ...options, token: "the-token-of-nobody" });
  await unary(client, stranger);
  await serverStream(client);
  await clientStream(client);
  await bidi(client);
  await stop(client, server);
  client.close();
  stranger.close();
}

const pem = (name) => readFileSync(join(import.meta.dirname, `${name}.pem`));
await fourShapes();
await fourShapes(tlsCredentials({ cert: pem("cert"), key: pem("key") }), { tls: { ca: pem("ca") } });

const { node, bun, deno } = process.versions;
console.log(`ok on ${deno ? `deno ${deno}` : bun ? `bun ${bun}` : `node ${node}`}`);
