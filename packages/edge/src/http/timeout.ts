import { parseTimeout } from "@callwire/transport/client";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "./exchange.js";
import { pairOf, partsOf } from "./header-list.js";

/** The time that a client waits. */
export interface ClientTimeout {
  /** In milliseconds; undefined if the client does not say. */
  readonly timeoutMs: number | undefined;
  /** The preference that was heeded, for `preference-applied`. */
  readonly applied: string | undefined;
}

/**
 * The time that a client waits: `grpc-timeout` as gRPC has it, or else `prefer: wait=10`.
 *
 * @param limitMs The longest that the edge waits: a preference for more is not applied.
 * @throws {EdgeError} for a `grpc-timeout` that is malformed.
 */
export function timeoutOf(exchange: Exchange, limitMs: number): ClientTimeout {
  const timeout = exchange.header("grpc-timeout");
  if (timeout !== undefined) {
    const timeoutMs = parseTimeout(timeout);
    if (timeoutMs === undefined) throw new EdgeError("BAD_HEADER", "grpc-timeout is malformed");
    return { timeoutMs, applied: undefined };
  }
  const prefer = exchange.header("prefer");
  const seconds = prefer === undefined ? undefined : waitOf(prefer);
  if (seconds === undefined) return { timeoutMs: undefined, applied: undefined };
  const timeoutMs = seconds * 1000;
  return { timeoutMs, applied: timeoutMs > limitMs ? undefined : `wait=${seconds}` };
}

/**
 * The seconds of `wait=10` (RFC 7240, section 4.3). Of a preference that is there twice the first one counts (section 2); one that
 * is malformed is as if it were not there.
 */
export function waitOf(prefer: string): number | undefined {
  for (const preference of partsOf(prefer)) {
    const [first = ""] = partsOf(preference, ";");
    const [name, value] = pairOf(first);
    if (name === "wait") return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  }
  return undefined;
}
