import * as transport from "@callwire/transport";
import * as niceGrpc from "nice-grpc";
import type { ServerRuntime } from "../runtime.js";

/** What each suite of a server runs over: `describe.each(runtimes)("…over %s", (_name, runtime) => …)`. */
export const runtimes: readonly [name: string, runtime: ServerRuntime][] = [
  ["nice-grpc", niceGrpc],
  ["transport", transport],
];
