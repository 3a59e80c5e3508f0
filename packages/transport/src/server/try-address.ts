import { createServer } from "node:net";
import { parseListenAddress } from "./listen.js";
import { bind } from "./bind.js";

/**
 * Listens on an address for a moment, for runtimes that do not say what is wrong with one. The socket of a server that was killed
 * is gone then. Another process may take the address in between.
 *
 * @throws {Error} if it is no address, or as node:net does, such as with EADDRINUSE.
 */
export async function tryAddress(address: string): Promise<void> {
  const server = createServer();
  await bind(server, { ...parseListenAddress(address), exclusive: true });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
