// Starts the service of own-service, which is compiled here, and runs its client.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const INVENTORY_TOKEN = "a-token";
const options = { env: { ...process.env, INVENTORY_TOKEN }, stdio: ["ignore", "pipe", "inherit"] };
const service = spawn(process.execPath, ["dist/service.js"], options);
try {
  for await (const line of createInterface(service.stdout)) {
    const { port } = JSON.parse(line);
    if (port === undefined) continue;
    const client = spawn(process.execPath, ["dist/client.js", `127.0.0.1:${port}`, INVENTORY_TOKEN], {
      stdio: "inherit",
    });
    const [code] = await once(client, "exit");
    if (code === 0) console.log("served and called");
    break;
  }
} finally {
  service.kill();
}
