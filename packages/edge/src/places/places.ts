import type { EdgeMethod } from "../calls/edge-method.js";
import type { EdgeOptions, ServerEdgeOptions } from "../edge-options.js";
import { openApiPlaces } from "../reference/openapi-places.js";
import { parsePath } from "../routing/request-path.js";
import type { Route } from "../routing/route.js";
import type { Router } from "../routing/router.js";
import type { RpcMethods } from "../rpc/rpc-methods.js";
import type { EdgeSettings } from "../serve/settings.js";
import { healthPlace } from "./health.js";
import { metricsPlace } from "./metrics.js";
import type { Mount } from "./mount.js";
import type { Place } from "./place.js";

/** Places by their paths. */
export type Places = ReadonlyMap<string, Place>;

/** The places that the options of an edge have. @throws {Error} for a method that cannot be a tool. */
export function placesOf(
  options: EdgeOptions,
  methods: readonly EdgeMethod[],
  routes: readonly Route[],
  settings: EdgeSettings,
): readonly Place[] {
  const { server, healthPath = "/healthz", metrics, openapi, mcp } = options as Partial<ServerEdgeOptions>;
  return [
    ...(server === undefined || healthPath === false
      ? []
      : [healthPlace(healthPath, server.health, settings)]),
    ...(metrics === undefined ? [] : [metricsPlace(metrics, settings)]),
    ...(openapi === undefined ? [] : openApiPlaces(openapi, routes, settings)),
    ...(mcp === undefined ? [] : [(mcp as unknown as Mount).open(methods, settings)]),
  ];
}

/** Segments that are not dots alone, of characters that need no escape: there is one way to write such a path. */
const PATH = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9\-._~]+)+)$/;

/**
 * Gives each place its path.
 *
 * @throws {TypeError} for what is no path.
 * @throws {Error} for one that would hide something: another place, what a rule of REST takes, or a method of RPC. It names both.
 */
export function placesByPath(
  places: readonly Place[],
  router: Router<Route>,
  rpcMethods: RpcMethods,
): Places {
  const byPath = new Map<string, Place>();
  for (const place of places) {
    const { path, option } = place;
    if (!PATH.test(path))
      throw new TypeError(
        `createEdge: ${option}: ${JSON.stringify(path)} is no path as "/healthz" is: letters, digits, '-', '.', '_' and '~' between slashes`,
      );
    const hidden = byPath.get(path)?.option ?? nameOfRpc(path, rpcMethods) ?? nameOfRule(path, router);
    if (hidden !== undefined)
      throw new Error(`createEdge: ${option} would hide ${hidden} at ${path}: give one of them another path`);
    byPath.set(path, place);
  }
  return byPath;
}

function nameOfRpc(path: string, rpcMethods: RpcMethods): string | undefined {
  return rpcMethods.get(path)?.method.descriptor.path.slice(1);
}

/** The rule that takes a path, by whatever method of HTTP, also by its variables. One of any path, `/{name=**}`, takes the others. */
function nameOfRule(path: string, router: Router<Route>): string | undefined {
  const route = router.findAny(parsePath(path)!);
  if (route === undefined || route.template.manyAt === 0) return undefined;
  return `${route.httpMethod} ${route.template.text} of ${route.name}`;
}
