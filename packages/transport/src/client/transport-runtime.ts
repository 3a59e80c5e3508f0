import type { MethodDescriptor } from "nice-grpc-common";
import type { CompatServiceDefinition } from "../grpc/definition-types.js";
import { methodsOf } from "../grpc/definitions.js";
import { CallScope } from "./call-scope.js";
import { ChannelCredentials } from "./channel-credentials.js";
import type { ChannelOptions } from "./channel-options.js";
import { createChannel, transportChannel, type TransportChannel } from "./channel.js";
import { ClientMethod } from "./client-method.js";
import { clientObject } from "./client-object.js";
import type { ClientPhases } from "./client-phases.js";
import type { ClientRuntime, ClientTlsOptions, RuntimeChannel, RuntimeMethod } from "./client-runtime.js";
import { createInProcessChannel } from "./in-process-channel.js";
import { directMethod } from "./method-shapes.js";
import type { InProcessServer } from "./target.js";

/** This transport, for a client-sdk. */
export const clientRuntime: ClientRuntime<ChannelOptions> = {
  createCredentials(tls) {
    return tls === undefined ? ChannelCredentials.createInsecure() : tlsCredentials(tls);
  },
  openChannel(address, credentials, options) {
    // createChannel refuses credentials of other libraries.
    return new OpenChannel(
      transportChannel(createChannel(address, credentials as ChannelCredentials, options)),
    );
  },
};

/**
 * A runtime whose channels all lead to a server of this process, whatever address they are given: for a client-sdk in tests.
 * Channels are as {@link createInProcessChannel} makes them.
 */
export function inProcessRuntime(server: InProcessServer): ClientRuntime<ChannelOptions> {
  return {
    createCredentials: clientRuntime.createCredentials,
    openChannel: (_address, _credentials, options) =>
      new OpenChannel(transportChannel(createInProcessChannel(server, options))),
  };
}

function tlsCredentials({ ca, key, cert }: ClientTlsOptions): ChannelCredentials {
  return ChannelCredentials.createSsl(pem(ca), pem(key), pem(cert));
}

function pem(text: string | Uint8Array | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  return typeof text === "string"
    ? Buffer.from(text)
    : Buffer.from(text.buffer, text.byteOffset, text.length);
}

class OpenChannel implements RuntimeChannel {
  readonly #channel: TransportChannel;
  readonly #scope = new CallScope();

  constructor(channel: TransportChannel) {
    this.#channel = channel;
  }

  createClient(
    definition: CompatServiceDefinition,
    phasesOf: (method: MethodDescriptor) => ClientPhases | undefined,
    onContract?: (contract: string, method: MethodDescriptor) => void,
  ): Record<string, RuntimeMethod> {
    const contracts = onContract && { last: undefined, onContract };
    const methods = methodsOf(definition).map((method) => {
      const phases = phasesOf(method.descriptor);
      const target = new ClientMethod(method, this.#channel, { phases, scope: this.#scope, contracts });
      return [method.name, directMethod(target, {})] as const;
    });
    return clientObject(methods) as Record<string, RuntimeMethod>;
  }

  close(): void {
    this.#scope.close(() => this.#channel.close());
  }
}
