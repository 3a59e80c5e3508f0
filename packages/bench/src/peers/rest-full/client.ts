// undici's pool with a request id, a token, retry and time-outs, all by undici's own means. With the argument "edge", it asks for
// the paths and fields of the users contract, as the edge serves it, and for Server-Sent Events instead of lines of JSON.
import { randomUUID } from "node:crypto";
import { interceptors, Pool } from "undici";
import type { Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { TOKEN } from "../../full/settings.js";
import type { UserFields } from "../../service/data.js";
import { EventStream } from "./event-stream.js";

const TIMEOUT_MS = 30_000;
const authorization = `Bearer ${TOKEN}`;
/** How the server's API names things. */
const api =
  process.argv[3] === "edge"
    ? { path: "/v1/users", watch: "/v1/users:watch", pageSize: "page_size", hasRequestId: true }
    : { path: "/users", watch: "/users/watch", pageSize: "pageSize", hasRequestId: false };

function operations(pool: Pool): Operations {
  const client = pool.compose(interceptors.retry({ maxRetries: 3, methods: ["GET", "POST"] }));
  async function ask<Body>(
    method: "GET" | "POST",
    path: string,
    body: string | null,
    headers: Record<string, string>,
  ): Promise<Body> {
    headers["x-request-id"] = randomUUID();
    headers["authorization"] = authorization;
    const response = await client.request({ method, path, body, headers });
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${response.statusCode}`);
    return (await response.body.json()) as Body;
  }
  return {
    getUser: (id) => ask<UserFields>("GET", `${api.path}/${id}`, null, {}),
    // A key makes it safe to try again.
    createUser: ({ name, email, age, department, roles }) => {
      const key = randomUUID();
      const fields = { name, email, age, department, roles };
      const headers = { "content-type": "application/json" };
      return api.hasRequestId
        ? ask<UserFields>("POST", api.path, JSON.stringify({ ...fields, requestId: key }), headers)
        : ask<UserFields>("POST", api.path, JSON.stringify(fields), { ...headers, "idempotency-key": key });
    },
    listUsers: async (pageSize) =>
      (await ask<{ users: UserFields[] }>("GET", `${api.path}?${api.pageSize}=${pageSize}`, null, {})).users,
    watch: () => {
      const events = new EventStream();
      const headers = { accept: "text/event-stream", "x-request-id": randomUUID(), authorization };
      pool.dispatch({ method: "GET", path: api.watch, headers, headersTimeout: 0, bodyTimeout: 0 }, events);
      return events;
    },
  };
}

await run(({ port, connections }) => {
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connections,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  return [operations(pool)];
});
