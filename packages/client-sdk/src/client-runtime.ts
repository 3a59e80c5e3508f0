import type { CompatServiceDefinition } from "nice-grpc";
import type { ClientMiddleware } from "nice-grpc-common";

/** A connection, or several, to one address. */
export interface RuntimeChannel {
  close(): void;
}

/** What a channel is secured with: the runtime's own ChannelCredentials. */
export interface RuntimeCredentials {
  _isSecure(): boolean;
}

/** Makes clients; each middleware that is attached goes outside of those before. */
export interface RuntimeClientFactory {
  use(middleware: ClientMiddleware): RuntimeClientFactory;
  create(definition: CompatServiceDefinition, channel: RuntimeChannel): unknown;
}

/**
 * What carries the bytes: a module with nice-grpc's exports, such as nice-grpc itself, or @callwire/transport. These are
 * the exports that are used.
 */
export interface ClientRuntime {
  createChannel(
    address: string,
    credentials?: RuntimeCredentials,
    options?: Record<string, unknown>,
  ): RuntimeChannel;
  createClientFactory(): RuntimeClientFactory;
  /** Makes what a channel is secured with, from PEM. */
  ChannelCredentials: {
    createInsecure(): RuntimeCredentials;
    createSsl(ca?: Buffer | null, key?: Buffer | null, cert?: Buffer | null): RuntimeCredentials;
  };
}
