import type { MethodDescriptor } from "nice-grpc-common";

/** The parts of a method's path, `/package.Service/Method`. */
export function splitPath(path: string): { service: string; method: string } {
  const slash = path.lastIndexOf("/");
  return { service: path.slice(1, slash), method: path.slice(slash + 1) };
}

/** The call shape, as go-grpc-middleware's logs and metrics name it. */
export function methodType({
  requestStream,
  responseStream,
}: Pick<MethodDescriptor, "requestStream" | "responseStream">): string {
  if (requestStream) return responseStream ? "bidi_stream" : "client_stream";
  return responseStream ? "server_stream" : "unary";
}
