// Lines of JSON over HTTP/1.1 by node:http alone, which is faster than any framework over it. Lines that are ready together
// are written together, up to CHUNK_CHARS: a write for each would cost several times as much.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Directory } from "../../service/directory.js";
import type { NewUser } from "../../service/data.js";
import { serve } from "../../service/serve.js";
import { CHUNK_CHARS, linesOf } from "./lines.js";

const directory = new Directory();

async function replay(count: number, response: ServerResponse): Promise<void> {
  response.setHeader("content-type", "application/x-ndjson");
  let chunk = "";
  for (const event of directory.replay(count)) {
    chunk += `${JSON.stringify(event)}\n`;
    if (chunk.length < CHUNK_CHARS) continue;
    if (!response.write(chunk)) await once(response, "drain");
    chunk = "";
  }
  response.end(chunk);
}

async function upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let created = 0;
  for await (const line of linesOf(request)) {
    const row = JSON.parse(line) as NewUser;
    if (row.name !== "") created++;
  }
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ created, failed: 0 }));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (request.method === "GET" && url.pathname === "/events") {
    await replay(Number(url.searchParams.get("count")), response);
  } else if (request.method === "POST" && url.pathname === "/users") {
    await upload(request, response);
  } else response.writeHead(404).end();
}

await serve(async (tls) => {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
});
