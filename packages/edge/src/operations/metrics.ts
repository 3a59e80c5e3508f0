import { ServerError, Status } from "nice-grpc-common";
import { reportFault } from "../internal/report-fault.js";
import { refuse } from "../serve/answer.js";
import type { MetricsSource } from "./metrics-source.js";
import { respondText } from "./respond-text.js";
import type { Operation } from "./operation.js";

/** Shows the metrics that the application collects to what scrapes them. */
export function metricsOperation(source: MetricsSource): Operation {
  return async (exchange, settings) => {
    try {
      respondText(exchange, 200, source.contentType, await source.metrics(), settings);
    } catch (thrown) {
      reportFault(thrown);
      const error = new ServerError(Status.INTERNAL, "the metrics could not be collected");
      refuse(exchange, error, settings);
    }
  };
}
