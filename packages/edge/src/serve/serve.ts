import { parseQuery } from "../binding/query.js";
import type { RequestParts } from "../binding/request-binding.js";
import type { EdgeLimits } from "../edge-options.js";
import { EdgeError } from "../errors/edge-error.js";
import { isPreflight } from "../http/cors.js";
import type { Exchange } from "../http/exchange.js";
import type { Places } from "../places/places.js";
import { parsePath, type RequestPath } from "../routing/request-path.js";
import type { Route } from "../routing/route.js";
import { valuesOf, type Found, type Router } from "../routing/router.js";
import type { RpcMethods } from "../rpc/rpc-methods.js";
import { refuseRpc, serveRpc } from "../rpc/serve-rpc.js";
import { commonHeaders, refuse } from "./answer.js";
import { meantPath } from "./meant-path.js";
import { notAllowed, refuseMethod } from "./refuse-method.js";
import { serveCall } from "./serve-call.js";
import type { EdgeSettings } from "./settings.js";

/** What an edge serves. */
export interface Served {
  /** What the edge answers by itself, by path. */
  readonly places: Places;
  /** The methods by protocols of RPC. */
  readonly rpcMethods: RpcMethods;
  /** The routes of REST. */
  readonly router: Router<Route>;
}

/** Answers a request. What it throws, or rejects with, is a mistake of ours. */
export function serve(exchange: Exchange, served: Served, settings: EdgeSettings): Promise<void> | undefined {
  try {
    return route(exchange, served, settings);
  } catch (thrown) {
    if (!(thrown instanceof EdgeError)) throw thrown;
    refuse(exchange, thrown, settings);
    return undefined;
  }
}

function route(
  exchange: Exchange,
  { places, rpcMethods, router }: Served,
  settings: EdgeSettings,
): Promise<void> | undefined {
  const { limits } = settings;
  if (exchange.target === "*" && exchange.method === "OPTIONS") return answerForAll(exchange, settings);
  const { pathText, path, query } = targetOf(exchange, limits);
  const place = places.get(pathText);
  if (place?.isForAnyHost !== true) checkHost(exchange, settings);
  if (place !== undefined) {
    return place.httpMethods.includes(exchange.method)
      ? place.serve(exchange)
      : refuseMethod(exchange, place.httpMethods, settings);
  }
  const rpc = rpcMethods.get(pathText);
  if (rpc !== undefined) return serveRpc(exchange, rpc, query, settings);
  const { method } = exchange;
  const isHead = method === "HEAD";
  // A browser asks before it sends a request: that calls no method, also where a rule takes OPTIONS.
  const found = isPreflight(exchange)
    ? { allowed: router.allowedAt(path) }
    : isHead
      ? router.find(path, "HEAD", "GET")
      : router.find(path, method);
  if (!("route" in found)) {
    if (found.allowed.length === 0) {
      const meant = meantPath(exchange, pathText, router, rpcMethods);
      const hint = meant === undefined ? "" : `; did you mean '${meant}'?`;
      if (rpcMethods.size > 0 && refuseRpc(exchange, hint, settings)) return undefined;
      throw new EdgeError("ROUTE_NOT_FOUND", `nothing is served at this path${hint}`);
    }
    return refuseMethod(exchange, withHead(found.allowed, router.find(path, "GET")), settings);
  }
  // What a stream has to say is in its body alone.
  if (isHead && found.route.httpMethod === "GET" && isStream(found.route))
    throw notAllowed(withHead(router.allowedAt(path), found));
  return serveCall(exchange, found.route, partsOf(found.route, found.path, query, limits), settings);
}

/** Answers `OPTIONS *`, which asks for no resource, but whether somebody is there (RFC 9110, section 9.3.7). */
function answerForAll(exchange: Exchange, settings: EdgeSettings): undefined {
  exchange.checkHead?.();
  checkHost(exchange, settings);
  exchange.respond({ status: 204, headers: commonHeaders(exchange, settings) }, undefined);
  return undefined;
}

/** The most characters of a host that an error shows. */
const MAX_SHOWN = 100;

/** The target of a request. */
export interface Target {
  /** The path as it came. */
  readonly pathText: string;
  readonly path: RequestPath;
  /** What stands behind the question mark. */
  readonly query: string;
}

/** @throws {EdgeError} if the host is not one by which the edge is served. */
export function checkHost(exchange: Exchange, { hosts }: EdgeSettings): void {
  if (hosts?.has(exchange.authority) === false)
    throw new EdgeError(
      "HOST_NOT_SERVED",
      `${exchange.authority.slice(0, MAX_SHOWN)} is no host that is served here`,
    );
}

/** @throws {EdgeError} for a request whose head is malformed or too large, or whose path is none. */
export function targetOf(exchange: Exchange, limits: EdgeLimits): Target {
  const { target, headerBytes } = exchange;
  exchange.checkHead?.();
  if (target.length > limits.maxUrlLength)
    throw new EdgeError("URL_TOO_LONG", `the URL has more than ${limits.maxUrlLength} characters`);
  if (headerBytes > limits.maxHeaderBytes)
    throw new EdgeError("HEADERS_TOO_LARGE", `the header has more than ${limits.maxHeaderBytes} bytes`);
  // RFC 9112, section 3.2: none of its forms has one.
  if (target.includes("#")) throw new EdgeError("BAD_PATH", "the target has a fragment, behind '#'");
  const mark = target.indexOf("?");
  const pathText = mark < 0 ? target : target.slice(0, mark);
  const path = parsePath(pathText);
  if (path === undefined) throw new EdgeError("BAD_PATH", "the path is malformed, or has dot segments");
  return { pathText, path, query: mark < 0 ? "" : target.slice(mark + 1) };
}

/** What a request has for a route's messages, beside its body. @throws {EdgeError} for too much of it. */
export function partsOf(
  { template }: Route,
  path: RequestPath,
  query: string,
  limits: EdgeLimits,
): RequestParts {
  const pathValues = valuesOf(template, path);
  const parameters = parseQuery(query);
  if (parameters.length > limits.maxParameters)
    throw new EdgeError("TOO_MANY_PARAMETERS", `the query has more than ${limits.maxParameters} parameters`);
  return { pathValues, query: parameters };
}

/** The methods of a path. HEAD goes with GET. @param get What a GET would find. */
function withHead(allowed: readonly string[], get: Found<Route>): string[] {
  const hasHead = "route" in get && get.route.httpMethod === "GET" && !isStream(get.route);
  return hasHead ? [...new Set([...allowed, "HEAD"])].toSorted() : [...allowed];
}

function isStream({ method }: Route): boolean {
  return method.descriptor.responseStream;
}
