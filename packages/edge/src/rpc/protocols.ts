import { didYouMean } from "@callwire/transport/client";
import type { EdgeMethod } from "../calls/edge-method.js";

/** The protocols of RPC that an edge serves beside REST, as the lines of calls name them. */
export type RpcProtocol = "grpc-web" | "connect";

/** What an edge serves, by protocol: `true` for all services, `false` for none, or the full names of some. */
export interface ProtocolOptions {
  /** HTTP and JSON by the rules of google.api.http, and streams over WebSocket. Default: all services. */
  readonly rest?: boolean | readonly string[];
  /** gRPC-Web, for every method of a service, with rules or without. Default: all services. */
  readonly grpcWeb?: boolean | readonly string[];
  /** The Connect protocol, for every method of a service, with rules or without. Default: all services. */
  readonly connect?: boolean | readonly string[];
}

/**
 * The methods that an option has.
 *
 * @throws {Error} for a service that there is not, with the nearest name.
 */
export function chosenMethods(
  name: keyof ProtocolOptions,
  option: boolean | readonly string[] = true,
  methods: readonly EdgeMethod[],
): readonly EdgeMethod[] {
  if (typeof option === "boolean") return option ? methods : [];
  const services = new Set(methods.map(serviceOf));
  for (const service of option) {
    if (services.has(service)) continue;
    throw new Error(
      `createEdge: protocols.${name}: there is no service '${service}'${didYouMean(service, services)}`,
    );
  }
  return methods.filter((method) => option.includes(serviceOf(method)));
}

/** The full name of a method's service. */
export function serviceOf({ descriptor }: EdgeMethod): string {
  return descriptor.path.slice(1, descriptor.path.lastIndexOf("/"));
}
