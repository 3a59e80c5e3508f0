import type { Metadata } from "nice-grpc-common";

/** A browser has no async contexts. */
export function inCallersContext(run: (metadata: Metadata) => void): (metadata: Metadata) => void {
  return run;
}
