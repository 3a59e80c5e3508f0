import { EchoServiceDefinition } from "@callwire/testkit";
import { createChannel, type Channel } from "../client/channel.js";
import type { ChannelCredentials } from "../client/channel-credentials.js";
import type { ChannelOptions } from "../client/channel-options.js";
import type { Client } from "../client/client-types.js";
import { createClient } from "../client/create-client.js";

/** A client of the echo service, whose channel is closed at the end of the block. */
export interface EchoClient extends Disposable {
  client: Client<typeof EchoServiceDefinition>;
  channel: Channel;
}

export function echoClient(
  address: string,
  options: ChannelOptions = {},
  credentials?: ChannelCredentials,
): EchoClient {
  const channel = createChannel(address, credentials, options);
  return {
    client: createClient(EchoServiceDefinition, channel),
    channel,
    [Symbol.dispose]: () => channel.close(),
  };
}
