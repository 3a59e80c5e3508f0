// Runs in a browser: calls each server in each protocol, and posts what came of it to the page's own server. It is the script of
// the page's workers too.
import { UserServiceDefinition } from "@callwire/contracts/users";
import { CallError, connect, createClient, grpcWeb, Status } from "@callwire/client-sdk/web";
import { createUsersClient } from "@callwire/client-sdk/web/users";

/** A page has its protocols by what they are called in its messages. */
const protocols = { connect, "grpc-web": grpcWeb };

/** A call from a worker, whose name has the server's address and protocol. */
async function fromWorker(options) {
  const worker = new Worker("/page.js", { type: "module", name: JSON.stringify(options) });
  return await new Promise((resolve) => worker.addEventListener("message", ({ data }) => resolve(data)));
}

const thrownBy = (call) =>
  call.then(
    () => "nothing",
    (error) => error,
  );

/** What an error says, as JSON. */
const told = (error) => ({
  isCallError: error instanceof CallError,
  code: Status[error.code],
  description: error.description,
  origin: error.origin,
  resource: error.details?.resourceInfo?.resourceName,
  trace: error.metadata?.get("x-trace"),
});

async function callAll({ baseUrl, protocol }) {
  const users = createClient(UserServiceDefinition, {
    baseUrl,
    protocol: protocols[protocol],
    token: () => Promise.resolve("t1"),
    retry: { initialBackoffMs: 1 },
  });
  const results = {};
  let seen = "";
  const user = await users.getUser(
    { id: "ada" },
    { requestId: "r1", onHeader: (header) => (seen = header.get("x-seen")) },
  );
  results.unary = `${user.name}, ${user.email}, ${seen}`;
  results.error = told(await thrownBy(users.getUser({ id: "nobody" })));
  results.retried = (await users.getUser({ id: `twice-${baseUrl}-${protocol}` })).name;
  results.deadline = told(await thrownBy(users.getUser({ id: "slow" }, { timeoutMs: 100 })));
  const controller = new AbortController();
  const left = thrownBy(users.getUser({ id: "slow" }, { signal: controller.signal }));
  controller.abort(new Error("enough"));
  results.aborted = (await left).message;
  results.stream = [];
  for await (const { resumeToken } of users.watchUsers({})) results.stream.push(resumeToken);
  for await (const _ of users.watchUsers({ departments: ["wait"] })) break;
  results.upload = await users.uploadUsers([{ name: "a" }, { name: "b" }]).then(
    ({ errors }) => errors[0].reason,
    (error) => told(error),
  );
  results.chat = [];
  try {
    for await (const { content } of users.chat([{ content: "x" }])) results.chat.push(content);
  } catch (error) {
    results.chat = told(error);
  }
  users.close();
  const named = createUsersClient({ baseUrl, protocol: protocols[protocol] });
  results.worker = await fromWorker({ baseUrl, protocol });
  results.named = (await named.getUser({ id: "ada" })).name;
  return results;
}

async function callPeers() {
  const { peers, refused } = await (await fetch("/peers")).json();
  const results = [];
  for (const peer of peers) results.push(await callAll(peer));
  const strange = createClient(UserServiceDefinition, { baseUrl: refused, protocol: connect, retry: false });
  return [...results, told(await thrownBy(strange.getUser({ id: "ada" })))];
}

if (globalThis.document === undefined) {
  const { baseUrl, protocol } = JSON.parse(self.name);
  const users = createClient(UserServiceDefinition, { baseUrl, protocol: protocols[protocol] });
  postMessage((await users.getUser({ id: "ada" })).name);
} else {
  const results = await callPeers().catch((error) => [String(error)]);
  await fetch("/results", { method: "POST", body: JSON.stringify(results) });
}
