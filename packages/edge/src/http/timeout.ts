import { parseTimeout } from "@callwire/transport";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "./exchange.js";

/** The time that a client waits. */
export interface ClientTimeout {
  /** In milliseconds; undefined if the client does not say. */
  readonly timeoutMs: number | undefined;
  /** The preference that was heeded, for `preference-applied`. */
  readonly applied: string | undefined;
}

/** RFC 7240, section 4.3: `wait=10`, in seconds. */
const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)/i;

/**
 * The time that a client waits: `grpc-timeout` as gRPC has it, or else `prefer: wait=10`.
 *
 * @throws {EdgeError} for a `grpc-timeout` that is malformed.
 */
export function timeoutOf(exchange: Exchange): ClientTimeout {
  const timeout = exchange.header("grpc-timeout");
  if (timeout !== undefined) {
    const timeoutMs = parseTimeout(timeout);
    if (timeoutMs === undefined) throw new EdgeError("BAD_HEADER", "grpc-timeout is malformed");
    return { timeoutMs, applied: undefined };
  }
  const seconds = WAIT.exec(exchange.header("prefer") ?? "")?.[1];
  return seconds === undefined
    ? { timeoutMs: undefined, applied: undefined }
    : { timeoutMs: Number(seconds) * 1000, applied: `wait=${Number(seconds)}` };
}
