import { serverRuntime, type ServerRuntime } from "@callwire/transport";
import { niceGrpc } from "../nice-grpc.js";

/** The runtimes that each suite of a server runs over: `describe.each(runtimes)("…over %s", (_name, runtime) => …)`. */
export const runtimes: readonly [name: string, runtime: ServerRuntime][] = [
  ["transport", serverRuntime],
  ["nice-grpc", niceGrpc],
];
