type NiceGrpc = typeof import("nice-grpc");

/**
 * What carries the bytes: a module with nice-grpc's exports. nice-grpc itself is one.
 */
export interface ClientRuntime extends Pick<NiceGrpc, "createChannel" | "createClientFactory"> {
  /** Makes what a channel is secured with. */
  ChannelCredentials: Pick<NiceGrpc["ChannelCredentials"], "createInsecure" | "createSsl">;
}
