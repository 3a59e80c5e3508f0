import type { HealthState } from "@callwire/server-kit";
import type { Exchange } from "../http/exchange.js";
import type { EdgeSettings } from "../serve/settings.js";
import { READ, type Place } from "./place.js";
import { respondText } from "./respond-text.js";

/** Tells load balancers whether to send calls: the server's health as grpc.health.v1 has it, or of `?service=`. */
export function healthPlace(path: string, health: Pick<HealthState, "get">, settings: EdgeSettings): Place {
  return {
    path,
    option: "healthPath",
    httpMethods: READ,
    // Load balancers ask by any address.
    isForAnyHost: true,
    serve(exchange) {
      const status = health.get(serviceOf(exchange)) ?? "SERVICE_UNKNOWN";
      const httpStatus = { SERVING: 200, NOT_SERVING: 503, SERVICE_UNKNOWN: 404 }[status];
      return respondText(exchange, httpStatus, "application/json", JSON.stringify({ status }), settings);
    },
  };
}

function serviceOf({ target }: Exchange): string {
  const mark = target.indexOf("?");
  return (mark < 0 ? undefined : new URLSearchParams(target.slice(mark)).get("service")) ?? "";
}
