import { checkValue } from "../grpc/check-options.js";
import { objectWith, required } from "../grpc/option-rules.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { channelSettings, type ChannelOptions } from "./channel-options.js";
import { TransportChannel, type Channel } from "./channel.js";
import type { InProcessServer, Target } from "./target.js";

/**
 * Makes a channel to a server of the same process, for tests above all: HTTP/2 as over a network, with all its limits,
 * deadlines and flow control, and no network. The server need not listen. Its handlers see a peer without an address.
 *
 * Like other channels it connects when it is first used, and again whenever its connection is lost. Unlike a socket, a
 * connection within the process does not keep the process alive: whatever its calls wait for must.
 *
 * @param options `grpc.default_authority` is `localhost` unless it is given; what concerns names and TLS has no effect.
 * @throws {Error} if an option is not right.
 */
export function createInProcessChannel(server: InProcessServer, options: ChannelOptions = {}): Channel {
  checkValue("createInProcessChannel", "the server", server, required(objectWith("connectInProcess")));
  const target: Target = {
    name: "in-process",
    authority: "localhost",
    hostname: "localhost",
    addresses: [server],
    port: 0,
  };
  return new TransportChannel(target, ChannelCredentials.createInsecure(), channelSettings(options));
}
