import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createChannel, createClient, type Client, type ServiceImplementation } from "nice-grpc";
import { createServer, type CallwireServer, type ServerOptions } from "../create-server.js";
import type { ContextAfter, Ordered } from "../middleware-order.js";
import type { AnyMiddleware } from "../middleware.js";

/** A server of the echo service on a free port, with one client. Disposing of it ends both. */
export interface EchoServer extends AsyncDisposable {
  server: CallwireServer<unknown>;
  address: string;
  port: number;
  client: Client<EchoServiceDefinition>;
  /** Connects another client, over a connection of its own. */
  connect: () => Client<EchoServiceDefinition>;
}

/** Starts the echo service; `implementation` replaces handlers of it. */
export async function startEcho<const M extends readonly AnyMiddleware[]>(
  options: ServerOptions<M> & Ordered<M>,
  implementation: Partial<ServiceImplementation<EchoServiceDefinition, ContextAfter<M>>> = {},
): Promise<EchoServer> {
  const server = createServer<M>(options);
  server.add(EchoServiceDefinition, { ...echoService(), ...implementation });
  const port = await server.listen("127.0.0.1:0");
  const address = `127.0.0.1:${port}`;
  const channels: ReturnType<typeof createChannel>[] = [];
  const connect = () => {
    const channel = createChannel(address, undefined, { "grpc.use_local_subchannel_pool": 1 });
    channels.push(channel);
    return createClient(EchoServiceDefinition, channel);
  };
  return {
    server: server as unknown as CallwireServer<unknown>,
    address,
    port,
    client: connect(),
    connect,
    async [Symbol.asyncDispose]() {
      for (const channel of channels) channel.close();
      server.forceShutdown();
    },
  };
}
