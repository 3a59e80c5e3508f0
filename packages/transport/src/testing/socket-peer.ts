import { createServer, type AddressInfo, type Socket } from "node:net";

/** A server of a test's own making. */
export interface Peer extends AsyncDisposable {
  address: string;
  port: number;
}

/** A server that says on its sockets what a test wants. */
export async function startRaw(onSocket: (socket: Socket) => void): Promise<Peer & { sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    // Bytes that are not read hide the end behind them.
    socket.resume();
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    port,
    sockets,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
