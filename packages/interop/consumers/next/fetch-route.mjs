// Starts what was built on a free port, and asks the routes.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const server = spawn("node_modules/.bin/next", ["start", "--port", "0", "--hostname", "127.0.0.1"], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  for await (const line of createInterface(server.stdout)) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url === undefined) continue;
    const throughEdge = await fetch(`${url}/v1/users/7`);
    const { error } = await throughEdge.json();
    if (throughEdge.status !== 503 || error?.status !== "UNAVAILABLE")
      throw new Error(`the edge answered ${throughEdge.status}`);
    console.log(await (await fetch(`${url}/health`)).text());
    break;
  }
} finally {
  server.kill();
  await once(server, "exit");
}
