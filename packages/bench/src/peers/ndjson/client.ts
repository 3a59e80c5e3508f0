import { Readable } from "node:stream";
import { Pool } from "undici";
import { run } from "../../client/run.js";
import type { EventFields, NewUser } from "../../service/data.js";
import { CHUNK_CHARS, linesOf } from "./lines.js";

async function* linesFrom(rows: AsyncIterable<NewUser>): AsyncGenerator<string, void, undefined> {
  let chunk = "";
  for await (const row of rows) {
    chunk += `${JSON.stringify(row)}\n`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

await run(({ port, ca, connections }) => {
  const origin = `${ca === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  const pool = new Pool(origin, { connections, ...(ca && { connect: { ca } }) });
  return [
    {
      async *replay(count) {
        const { body, statusCode } = await pool.request({ method: "GET", path: `/events?count=${count}` });
        if (statusCode !== 200) throw new Error(`/events: ${statusCode}`);
        for await (const line of linesOf(body)) yield JSON.parse(line) as EventFields;
      },
      async uploadUsers(rows) {
        const { body, statusCode } = await pool.request({
          method: "POST",
          path: "/users",
          body: Readable.from(linesFrom(rows)),
        });
        if (statusCode !== 200) throw new Error(`/users: ${statusCode}`);
        return ((await body.json()) as { created: number }).created;
      },
    },
  ];
});
