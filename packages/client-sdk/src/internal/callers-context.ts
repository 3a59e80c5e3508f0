import { AsyncResource } from "node:async_hooks";
import type { Metadata } from "nice-grpc-common";

/** Binds a callback to the async context of whoever calls this: a socket's reader calls it in another one. */
export function inCallersContext(run: (metadata: Metadata) => void): (metadata: Metadata) => void {
  return AsyncResource.bind(run);
}
