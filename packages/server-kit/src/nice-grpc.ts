export { niceGrpc, type NiceGrpcLimits } from "./runtimes/nice-grpc/server.js";
