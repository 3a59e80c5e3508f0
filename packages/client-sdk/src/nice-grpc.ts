// The entry point @callwire/client-sdk/nice-grpc.
export { niceGrpc } from "./nice-grpc/nice-grpc-runtime.js";
