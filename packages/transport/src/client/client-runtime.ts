import type { MethodDescriptor } from "nice-grpc-common";
import type { CompatServiceDefinition } from "../grpc/definition-types.js";
import type { ClientPhases } from "./client-phases.js";

/** The TLS settings of a client's connections, in PEM. */
export interface ClientTlsOptions {
  /** Whom to trust. Default: the authorities that Node.js trusts. */
  ca?: string | Uint8Array;
  /** The client's private key, for servers that want to know the client; goes with `cert`. Default: none. */
  key?: string | Uint8Array;
  /** The client's certificate chain. */
  cert?: string | Uint8Array;
}

/** The credentials of a channel: a runtime's own ChannelCredentials. */
export interface RuntimeCredentials {
  _isSecure(): boolean;
}

/** Carries the bytes of a client: the seam between the client-sdk and this transport, or another one. */
export interface ClientRuntime<Options extends object = object> {
  /** Makes credentials: TLS, or for undefined clear text. */
  createCredentials(tls: ClientTlsOptions | undefined): RuntimeCredentials;
  /** Makes a connection, or several, to one address, or to several of them that serve the same. */
  openChannel(
    address: string | readonly string[],
    credentials: RuntimeCredentials,
    options: Options,
  ): RuntimeChannel;
}

/** A channel of a {@link ClientRuntime}. */
export interface RuntimeChannel {
  /**
   * Makes a client: a function for each method, by the definition's names, as nice-grpc's clients have them.
   *
   * @param phasesOf Gives the phases around each method's calls; undefined for none. Asked once for each method.
   * @param onContract Hears of the contract that an answer names (the header `callwire-contract`), if it is another than the one heard
   *   of last. What it throws fails the call, and does not count as heard.
   */
  createClient(
    definition: CompatServiceDefinition,
    phasesOf: (method: MethodDescriptor) => ClientPhases | undefined,
    onContract?: (contract: string, method: MethodDescriptor) => void,
  ): Record<string, RuntimeMethod>;
  /** Ends the calls that run with CANCELLED, and every later one, and closes the connections. */
  close(): void;
}

/** A method of a client: a promise of one message, or a stream of them. */
export type RuntimeMethod = (request: unknown, options?: object) => Promise<unknown> | AsyncIterable<unknown>;
