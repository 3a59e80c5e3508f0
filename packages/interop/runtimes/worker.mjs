// A worker of Cloudflare, which calls the edge that `?edge=` names, by the SDK's client over fetch, in all ways. src/runtimes.test.ts bundles
// it as wrangler does, and runs it on workerd. It answers "ok", or with what was wrong.
import assert from "node:assert/strict";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { CallError, connect, createClient, grpcWeb, Status } from "@callwire/client-sdk/web";

async function tryClient(edge, protocol) {
  const client = createClient(UserServiceDefinition, { baseUrl: edge, protocol, timeoutMs: 10_000 });
  assert.equal((await client.getUser({ id: "7" })).name, "Ann 7");
  await assert.rejects(client.getUser({ id: "nobody" }), (error) => {
    return error instanceof CallError && error.code === Status.NOT_FOUND;
  });
  await assert.rejects(client.getUser({ id: "late" }, { timeoutMs: 200 }), {
    code: Status.DEADLINE_EXCEEDED,
  });
  assert.equal((await client.listUsers({ pageSize: 1000 })).users.length, 1000);
  const tokens = [];
  for await (const { resumeToken } of client.watchUsers({})) {
    tokens.push(resumeToken);
    if (tokens.length === 3) break;
  }
  assert.deepEqual(tokens, ["0", "1", "2"]);
  const rows = Array.from({ length: 1000 }, (_, index) => ({ name: `Ann ${index}` }));
  if (protocol === connect) assert.equal((await client.uploadUsers(rows)).created, 1000);
  else await assert.rejects(client.uploadUsers(rows), { code: Status.UNIMPLEMENTED });
  const moved = createClient(UserServiceDefinition, { baseUrl: `${edge}/moved`, protocol });
  await assert.rejects(moved.getUser({ id: "7" }), /HTTP status 308 \(redirects are not followed\)/);
}

export default {
  async fetch(request) {
    const edge = new URL(request.url).searchParams.get("edge");
    try {
      await tryClient(edge, connect);
      await tryClient(edge, grpcWeb);
      return new Response("ok");
    } catch (error) {
      return new Response(`${error?.stack}`);
    }
  },
};
