import type { PeerCertificate } from "node:tls";
import type { Metadata } from "nice-grpc-common";
import { addLogFields } from "../calls/add-log-fields.js";
import type { CallArrival, EdgeCall } from "../calls/edge-method.js";
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

/** What is known of a call at its arrival. A class, since a literal with a getter costs more than all of it. */
class Arrival implements CallArrival {
  readonly metadata: Metadata;
  readonly peer: string;
  readonly authority: string;
  readonly timeoutMs: number | undefined;
  readonly onHeader: (() => void) | undefined;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, peer: string, { metadata, timeoutMs, onHeader }: Opening) {
    this.metadata = metadata;
    this.peer = peer;
    this.authority = exchange.authority;
    this.timeoutMs = timeoutMs === Infinity ? undefined : timeoutMs;
    this.onHeader = onHeader;
    this.#exchange = exchange;
  }

  /** Read only where somebody asks. */
  get peerCertificate(): PeerCertificate | undefined {
    return this.#exchange.peerCertificate;
  }
}

/** Begins a call of a method. @throws {ServerError} if no calls are taken. */
export function openCall(
  exchange: Exchange,
  { method, logFields }: Pick<Route, "method" | "logFields">,
  { proxies }: EdgeSettings,
  opening: Opening,
): EdgeCall {
  const peer = proxies?.clientOf(exchange) ?? exchange.peer;
  const call = method.open(new Arrival(exchange, peer, opening));
  addLogFields(call, logFields);
  return call;
}
