import type { Server } from "nice-grpc";

/** A server that a test started. Disposing of it ends it with all its calls. */
export interface TestServer extends AsyncDisposable {
  /** Where it listens: `127.0.0.1` and a free port. */
  address: string;
  server: Server;
}

/** Starts a nice-grpc server on a free port of the loopback interface; `configure` adds the services. */
export async function startServer(configure: (server: Server) => void, port = 0): Promise<TestServer> {
  // Most tests start servers of their own, and should not load this one.
  const { createServer } = await import("nice-grpc");
  const server = createServer();
  configure(server);
  const bound = await server.listen(`127.0.0.1:${port}`);
  return {
    address: `127.0.0.1:${bound}`,
    server,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}
