import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { InProcessServer } from "@callwire/transport/client";

/** The connections of a fake server, within the process and by TCP: all of them can be lost. */
export class FakeConnections implements InProcessServer, AsyncDisposable {
  readonly #server: InProcessServer;
  readonly #sockets = new Set<Socket>();
  #listener: Server | undefined;

  constructor(server: InProcessServer) {
    this.#server = server;
  }

  connectInProcess(): Socket {
    const socket = this.#server.connectInProcess();
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  /** Breaks every connection, as if the network were gone; clients may come back. */
  lose(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Listens on a free port of this machine. Resolves to the address. */
  async listen(): Promise<string> {
    const listener = (this.#listener ??= createTcpServer((socket) => this.#serve(socket)));
    if (!listener.listening) {
      await new Promise<void>((resolve, reject) => {
        listener.once("error", reject);
        listener.listen(0, "127.0.0.1", resolve);
      });
    }
    return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lose();
    const listener = this.#listener;
    if (listener?.listening) await new Promise((resolve) => listener.close(resolve));
  }

  #serve(outer: Socket): void {
    const inner = this.connectInProcess();
    const end = () => {
      outer.destroy();
      inner.destroy();
    };
    for (const socket of [outer, inner]) socket.on("error", end).on("close", end);
    outer.pipe(inner).pipe(outer);
  }
}
