import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { createServer, type Server } from "../server/create-server.js";
import type { ServerOptions } from "../server/server-options.js";
import type { ServerPhases } from "../server/server-phases.js";
import { TransportServer } from "../server/transport-server.js";

/** A server of this package that a test started. Disposing of it cuts it off. */
export interface StartedServer<S = Server> extends AsyncDisposable {
  address: string;
  server: S;
}

/** Starts a server on a free port; `configure` adds the services. Default: the echo service. */
export async function start(
  configure: (server: ReturnType<typeof createServer>) => void = (server) =>
    server.add(EchoServiceDefinition, echoService()),
  options: ServerOptions = {},
): Promise<StartedServer<ReturnType<typeof createServer>>> {
  const server = createServer(options);
  configure(server);
  const port = await server.listen("127.0.0.1:0");
  return {
    address: `127.0.0.1:${port}`,
    server,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

/** A server each of whose methods has these phases. */
export function phasedServer(phases: ServerPhases, options: ServerOptions = {}) {
  const server = new TransportServer(options);
  return Object.assign(server, {
    add: (definition: object, implementation: object) =>
      server.addWithPhases(definition, implementation, () => phases),
  });
}
