// undici's pool with a request id, a token, retry and time-outs, all by undici's own means.
import { randomUUID } from "node:crypto";
import { interceptors, Pool, type Dispatcher } from "undici";
import type { Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import { TOKEN } from "../../full/settings.js";
import type { UserFields } from "../../service/data.js";

const TIMEOUT_MS = 30_000;
const authorization = `Bearer ${TOKEN}`;

function operations(client: Dispatcher): Operations {
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
    getUser: (id) => ask<UserFields>("GET", `/users/${id}`, null, {}),
    // The key makes it safe to try again, which the product's client does by its request id.
    createUser: ({ name, email, age, department, roles }) =>
      ask<UserFields>("POST", "/users", JSON.stringify({ name, email, age, department, roles }), {
        "content-type": "application/json",
        "idempotency-key": randomUUID(),
      }),
    listUsers: async (pageSize) =>
      (await ask<{ users: UserFields[] }>("GET", `/users?pageSize=${pageSize}`, null, {})).users,
  };
}

await run(({ port, connections }) => {
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connections,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  return [operations(pool.compose(interceptors.retry({ maxRetries: 3, methods: ["GET", "POST"] })))];
});
