import { createServer } from "node:net";

/**
 * Listens on a TCP address for a moment: grpc-js says what is wrong with one on standard error, in lines of its own, and rejects
 * without the cause. Another process may take the port in between; grpc-js then says so.
 *
 * @throws {Error} as node:net does, such as with EADDRINUSE.
 */
export async function tryAddress(address: string): Promise<void> {
  const parts = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  if (parts === null) return;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: (parts[1] ?? parts[2])!, port: Number(parts[3]), exclusive: true }, () =>
      server.close(() => resolve()),
    );
  });
}
