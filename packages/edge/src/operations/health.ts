import type { HealthState } from "@callwire/server-kit";
import type { Exchange } from "../http/exchange.js";
import { respondText } from "./respond-text.js";
import type { Operation } from "./operation.js";

/** Tells load balancers whether to send calls: the server's health as grpc.health.v1 has it, or of `?service=`. */
export function healthOperation(health: Pick<HealthState, "get">): Operation {
  return (exchange, settings) => {
    const status = health.get(serviceOf(exchange)) ?? "SERVICE_UNKNOWN";
    const httpStatus = { SERVING: 200, NOT_SERVING: 503, SERVICE_UNKNOWN: 404 }[status];
    respondText(exchange, httpStatus, "application/json", JSON.stringify({ status }), settings);
  };
}

function serviceOf({ target }: Exchange): string {
  const mark = target.indexOf("?");
  return (mark < 0 ? undefined : new URLSearchParams(target.slice(mark)).get("service")) ?? "";
}
