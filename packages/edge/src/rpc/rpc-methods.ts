import type { EdgeMethod } from "../calls/edge-method.js";
import type { EdgeSettings } from "../serve/settings.js";
import { formatsOf, type MessageFormats } from "./message-format.js";
import { chosenMethods, serviceOf, type ProtocolOptions, type RpcProtocol } from "./protocols.js";

/** A method that is served by protocols of RPC. */
export interface RpcMethod {
  readonly method: EdgeMethod;
  /** The full name of its service. */
  readonly service: string;
  readonly formats: MessageFormats;
  readonly protocols: ReadonlySet<RpcProtocol>;
  /** The methods of HTTP by which it is called. */
  readonly httpMethods: readonly string[];
}

/** Methods by their paths, `/package.Service/Method`. */
export type RpcMethods = ReadonlyMap<string, RpcMethod>;

/** @throws {Error} for a service that there is not. */
export function rpcMethodsOf(
  methods: readonly EdgeMethod[],
  { grpcWeb, connect }: ProtocolOptions,
  settings: Pick<EdgeSettings, "read" | "write">,
): RpcMethods {
  const byGrpcWeb = new Set(chosenMethods("grpcWeb", grpcWeb, methods));
  const byConnect = new Set(chosenMethods("connect", connect, methods));
  const served = methods.filter((method) => byGrpcWeb.has(method) || byConnect.has(method));
  return new Map(
    served.map((method) => {
      const protocols = new Set<RpcProtocol>();
      if (byGrpcWeb.has(method)) protocols.add("grpc-web");
      if (byConnect.has(method)) protocols.add("connect");
      const httpMethods = byConnect.has(method) && hasGet(method) ? ["GET", "HEAD", "POST"] : ["POST"];
      const formats = formatsOf(method, settings);
      return [
        method.descriptor.path,
        { method, service: serviceOf(method), formats, protocols, httpMethods },
      ];
    }),
  );
}

/** True if a request of GET, or of HEAD, may call a method: it changes nothing, and has one request and one response. */
function hasGet({ descriptor: { requestStream, responseStream, options } }: EdgeMethod): boolean {
  return !requestStream && !responseStream && options?.idempotencyLevel === "NO_SIDE_EFFECTS";
}
