import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";

/** Below those that systems give to who listens on port 0, or connects: no other test can have one meanwhile by chance. */
const [FIRST, BEYOND] = [15_000, 32_000];

/** Ports of the loopback interface that nobody listened on a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  while (servers.length < count) {
    const server = createServer().listen(randomInt(FIRST, BEYOND), "127.0.0.1");
    try {
      await once(server, "listening");
      servers.push(server);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** An address of the loopback interface with such a port: for what is to come back at its own address. */
export async function freeAddress(): Promise<string> {
  const [port] = await freePorts(1);
  return `127.0.0.1:${port}`;
}
