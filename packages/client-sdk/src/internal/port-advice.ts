import type { ClientPhases } from "@callwire/transport/seam";
import { withAdvice } from "./client-errors.js";
import type { Target } from "./target.js";

/** Says in the error of a connection that could not be made that the address names no port, and which one was taken. */
export function portAdvice(targets: readonly Target[]): ClientPhases[] {
  const portless = targets.find(({ lacksPort }) => lacksPort);
  if (portless === undefined) return [];
  const advice = `the address '${portless.address}' names no port, and gets that of its kind: 80 in clear text, 443 over TLS and for 'dns:'`;
  return [{ failed: (error, origin) => (origin === "connection" ? withAdvice(error, () => advice) : error) }];
}
