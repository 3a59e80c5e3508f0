import type { ServerEdgeOptions, EdgeOptions } from "../edge-options.js";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import { refuse } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import { healthOperation } from "./health.js";
import { metricsOperation } from "./metrics.js";
import type { Operation } from "./operation.js";

const DEFAULT_HEALTH_PATH = "/healthz";
const METRICS_PATH = "/metrics";

/**
 * The operations of an edge, by their paths.
 *
 * @throws {Error} that names the method whose route has the path of one.
 */
export function operationsOf(options: EdgeOptions, routes: readonly Route[]): ReadonlyMap<string, Operation> {
  const { server, healthPath = DEFAULT_HEALTH_PATH, metrics } = options as Partial<ServerEdgeOptions>;
  const operations = new Map<string, Operation>();
  if (server !== undefined && healthPath !== false)
    operations.set(healthPath, healthOperation(server.health));
  if (metrics !== undefined) operations.set(METRICS_PATH, metricsOperation(metrics));
  for (const { httpMethod, template, name } of routes) {
    if (operations.has(template.text) && ["GET", "HEAD", "*"].includes(httpMethod))
      throw new Error(
        `${name} takes ${template.text}, which the edge answers itself; healthPath and metrics say what it answers`,
      );
  }
  return operations;
}

/** The operation that a request asks for; undefined if it asks for none. */
export function operationFor(
  { target }: Exchange,
  operations: ReadonlyMap<string, Operation>,
): Operation | undefined {
  const mark = target.indexOf("?");
  return operations.get(mark < 0 ? target : target.slice(0, mark));
}

/** Answers by an operation. */
export function serveOperation(
  operation: Operation,
  exchange: Exchange,
  settings: EdgeSettings,
): Promise<void> | void {
  if (exchange.method === "GET" || exchange.method === "HEAD") return operation(exchange, settings);
  const error = new EdgeError("METHOD_NOT_ALLOWED", "this path has no such method", { allow: "GET, HEAD" });
  refuse(exchange, error, settings);
}
