import { ServerError, Status } from "nice-grpc-common";
import { reportFault } from "../internal/report-fault.js";
import { refuse } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { MetricsSource } from "./metrics-source.js";
import { READ, type Place } from "./place.js";
import { respondText } from "./respond-text.js";

/** Shows the metrics that the application collects to what scrapes them. */
export function metricsPlace(source: MetricsSource, settings: EdgeSettings): Place {
  return {
    path: "/metrics",
    option: "metrics",
    httpMethods: READ,
    // As load balancers do, what scrapes them asks by any address.
    isForAnyHost: true,
    async serve(exchange) {
      try {
        respondText(exchange, 200, source.contentType, await source.metrics(), settings);
      } catch (thrown) {
        reportFault(thrown);
        const error = new ServerError(Status.INTERNAL, "the metrics could not be collected");
        refuse(exchange, error, settings);
      }
    },
  };
}
