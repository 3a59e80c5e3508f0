// undici's pool. Pipelining, which the second argument turns on, is for idempotent requests alone: POST never has it.
import { Pool } from "undici";
import type { Operations } from "../../client/job.js";
import { run } from "../../client/run.js";
import type { UserFields } from "../../service/data.js";

const json = { "content-type": "application/json" };
const octets = { "content-type": "application/octet-stream" };
const pipelining = Number(process.argv[3] ?? 1);

function operations(pool: Pool): Operations {
  async function ask(
    method: "GET" | "POST",
    path: string,
    body: string | Buffer | null,
    headers: Record<string, string> | null,
  ) {
    const response = await pool.request({ method, path, body, headers });
    if (response.statusCode !== 200) throw new Error(`${method} ${path}: ${response.statusCode}`);
    return response.body;
  }
  return {
    getUser: async (id) => (await (await ask("GET", `/users/${id}`, null, null)).json()) as UserFields,
    createUser: async (user) =>
      (await (await ask("POST", "/users", JSON.stringify(user), json)).json()) as UserFields,
    listUsers: async (pageSize) => {
      const page = (await (await ask("GET", `/users?pageSize=${pageSize}`, null, null)).json()) as {
        users: UserFields[];
      };
      return page.users;
    },
    exchange: async (data) => (await ask("POST", "/exchange", data, octets)).bytes(),
  };
}

await run(({ port, ca, connections }) => {
  const origin = `${ca === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return [operations(new Pool(origin, { connections, pipelining, ...(ca && { connect: { ca } }) }))];
});
