import type { Metadata } from "nice-grpc-common";
import { addLogFields } from "../calls/add-log-fields.js";
import type { EdgeCall } from "../calls/edge-method.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import type { EdgeSettings } from "./settings.js";

/** What a call begins with, beside its exchange. */
export interface Opening {
  readonly metadata: Metadata;
  /** The time that is waited for it, in milliseconds. */
  readonly timeoutMs: number;
  /** The handler sends the response's header before its first message. */
  readonly onHeader?: () => void;
}

/** Begins a call of a method. @throws {ServerError} if no calls are taken. */
export function openCall(
  exchange: Exchange,
  { method, logFields }: Pick<Route, "method" | "logFields">,
  { proxies }: EdgeSettings,
  { metadata, timeoutMs, onHeader }: Opening,
): EdgeCall {
  const call = method.open({
    metadata,
    peer: proxies?.clientOf(exchange) ?? exchange.peer,
    authority: exchange.authority,
    // Read only where somebody asks: it costs more than the rest.
    get peerCertificate() {
      return exchange.peerCertificate;
    },
    onHeader,
    ...(timeoutMs !== Infinity && { timeoutMs }),
  });
  addLogFields(call, logFields);
  return call;
}
