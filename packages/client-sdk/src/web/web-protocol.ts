/**
 * The way in which calls go over HTTP: `connect` or `grpcWeb`, which this module exports. A page loads the code of what it imports.
 */
export interface WebProtocol {
  readonly name: "Connect" | "gRPC-Web";
}
