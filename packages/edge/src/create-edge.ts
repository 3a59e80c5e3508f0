import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Duplex } from "node:stream";
import { directMethods, standardMethods } from "@callwire/server-kit/direct";
import type { HttpHandler, HttpStream } from "@callwire/transport/server";
import { channelMethods } from "./calls/channel-methods.js";
import { ChannelStreams } from "./calls/channel-streams.js";
import type { EdgeMethod } from "./calls/edge-method.js";
import {
  checkEdgeOptions,
  defaultEdgeLimits,
  type ChannelEdgeOptions,
  type EdgeOptions,
  type ServerEdgeOptions,
} from "./edge-options.js";
import { Compression } from "./compression/compression.js";
import { Cors } from "./http/cors.js";
import { FetchExchange, type FetchInfo } from "./http/fetch-exchange.js";
import { DEFAULT_REQUEST_METADATA, DEFAULT_RESPONSE_METADATA } from "./http/metadata.js";
import type { Exchange } from "./http/exchange.js";
import { HeldBytes } from "./http/held-bytes.js";
import { Hosts } from "./http/hosts.js";
import { NodeExchange } from "./http/node-exchange.js";
import { Proxies } from "./http/proxies.js";
import { StreamExchange } from "./http/stream-exchange.js";
import { reportFault } from "./internal/report-fault.js";
import type { Mcp } from "./mcp/mcp-options.js";
import type { Mount } from "./places/mount.js";
import { placesByPath, placesOf } from "./places/places.js";
import { routesOf } from "./routing/route.js";
import { Router } from "./routing/router.js";
import { CONNECT_REQUEST_FIELDS, CONNECT_RESPONSE_FIELDS } from "./rpc/connect.js";
import { GRPC_WEB_REQUEST_FIELDS, GRPC_WEB_RESPONSE_FIELDS } from "./rpc/grpc-web.js";
import { chosenMethods } from "./rpc/protocols.js";
import { rpcMethodsOf } from "./rpc/rpc-methods.js";
import { withKeptJson } from "./serve/kept-json.js";
import { serve } from "./serve/serve.js";
import type { EdgeSettings } from "./serve/settings.js";
import { streamRoutes } from "./websocket/stream-routes.js";
import { Upgrades } from "./websocket/upgrade.js";

/** A route, for a list of them. */
export interface EdgeRoute {
  /** The HTTP method; `*` for any. */
  readonly httpMethod: string;
  /** The path template. */
  readonly path: string;
  /** The method that is called, as `users.UserService/GetUser`. */
  readonly method: string;
}

/**
 * REST, gRPC-Web and Connect before the services of a server. Its functions may be taken off it. `server.http(edge)` of
 * @callwire/server-kit serves it on the port of gRPC.
 */
export interface Edge extends HttpHandler {
  /** What REST serves, in the order of the contract. */
  readonly routes: readonly EdgeRoute[];
  /** Answers a request of the web's own form: for Hono, Next.js, Bun, Deno, workers. It does not reject. */
  fetch(request: Request, info?: FetchInfo): Promise<Response>;
  /**
   * A listener for `createServer` of node:http and node:https, and for the servers of node:http2, without a Request and a Response
   * in between.
   */
  handler(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): void;
  /**
   * A listener for the event `upgrade` of the servers of node:http and node:https: streams over WebSocket. It needs the package `ws`,
   * which is loaded with the first one.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Ends the streams of responses that run over a channel, with UNAVAILABLE and the reason SERVER_STOPPING, and takes no more of them: for
   * a program that stops, whose clients then go on elsewhere. Calls of one response go on. Those before a server end with its shutdown.
   */
  endStreams(): void;
  /** Answers a request of HTTP/2 on the port of gRPC. */
  stream(stream: HttpStream): Promise<void> | void;
  /** Answers a request of HTTP/2 for a WebSocket, on the port of gRPC (RFC 8441). It needs `ws`, as {@link Edge.upgrade} does. */
  webSocket(stream: HttpStream): Promise<void>;
}

/** The header fields that every page may send, beside those that become metadata. */
const CORS_REQUEST_HEADERS = [
  "content-encoding",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "prefer",
  ...GRPC_WEB_REQUEST_FIELDS,
  ...CONNECT_REQUEST_FIELDS,
];
const CORS_RESPONSE_HEADERS = [
  "etag",
  "preference-applied",
  "retry-after",
  ...GRPC_WEB_RESPONSE_FIELDS,
  ...CONNECT_RESPONSE_FIELDS,
];

/**
 * Creates an edge before a server of the same process, or one behind a channel. It serves REST by the rules of google.api.http that the
 * services' contract has, and every method by gRPC-Web and Connect at `/package.Service/Method`.
 *
 * @throws {TypeError | RangeError} that names an option that there is not, or that is out of its range.
 * @throws {Error} that names the method of a rule that cannot be served, both of two that take the same requests, or the method that
 *   cannot be a tool; or an option whose path is none, or hides a rule, a method or what another option serves.
 */
export function createEdge(options: EdgeOptions): Edge {
  checkEdgeOptions(options);
  const { limits, json = {}, cors, proxies, compression = {}, etags = {} } = options;
  const { resumeField = "resume_token", updateMaskFromBody = false } = options;
  const { ignoreUnknownFields = false, registry, ...write } = json;
  const withRegistry = registry === undefined ? {} : { registry };
  const requestMetadata = [...DEFAULT_REQUEST_METADATA, ...(options.requestMetadata ?? [])];
  const responseMetadata = [...DEFAULT_RESPONSE_METADATA, ...(options.responseMetadata ?? [])];
  const mount = options.mcp as (Mcp & Mount) | undefined;
  const pages =
    cors &&
    new Cors(
      cors,
      [...CORS_REQUEST_HEADERS, ...requestMetadata, ...(mount?.requestHeaders ?? [])],
      [...CORS_RESPONSE_HEADERS, ...responseMetadata, ...responseMetadata.map((name) => `trailer-${name}`)],
    );
  const takesCookies = requestMetadata.includes("cookie");
  const all = { ...defaultEdgeLimits, ...withoutUndefined(limits ?? {}) };
  const held = new HeldBytes(all.maxBufferedBytes);
  const withAll = { ...write, ...withRegistry };
  const settings: EdgeSettings = {
    limits: all,
    body: { maxBytes: all.maxBodyBytes, timeoutMs: all.bodyTimeoutMs, held },
    answer: { timeoutMs: all.writeTimeoutMs, held },
    read: { ignoreUnknownFields, ...withRegistry },
    write: withAll,
    writeKept: withKeptJson(withAll),
    registry,
    requestMetadata,
    responseMetadata,
    cors: pages,
    compression: new Compression(compression, { takesCookies, cors: pages }, held),
    proxies: proxies && new Proxies(proxies),
    hosts: options.hosts && new Hosts(options.hosts),
    etags: { isQuoted: etags.quoted ?? false, isWeak: etags.weak ?? false },
  };
  const streams = new ChannelStreams();
  const methods = methodsOf(options, streams);
  const etagField = etags.field ?? "etag";
  const routeSettings = { read: settings.read, resumeField, etagField, updateMaskFromBody };
  const { rest, ...rpc } = options.protocols ?? {};
  const byRest = chosenMethods("rest", rest, methods);
  const routes = routesOf(byRest, routeSettings);
  const { server } = options as Partial<ServerEdgeOptions>;
  // Those of health and reflection have no rules of REST.
  const standard = server === undefined ? [] : standardMethods(server);
  const rpcMethods = rpcMethodsOf([...methods, ...standard], rpc, settings);
  for (const { name, template } of routes) {
    const other = rpcMethods.get(template.text);
    if (other !== undefined) throw new Error(`${name}: the path ${template.text} calls a method by its name`);
  }
  const router = new Router(routes);
  const places = placesByPath(placesOf(options, methods, routes, settings), router, rpcMethods);
  const served = { places, rpcMethods, router };
  const answer = (exchange: Exchange) => serve(exchange, served, settings);
  const upgrades = new Upgrades(streamRoutes(byRest, routes, routeSettings), settings, answer);

  return {
    routes: routes.map(({ httpMethod, template, name }) => ({
      httpMethod,
      path: template.text,
      method: name,
    })),

    async fetch(request, info) {
      const exchange = new FetchExchange(request, info);
      try {
        await Promise.race([answer(exchange), exchange.response]);
        return await exchange.response;
      } catch (error) {
        reportFault(error);
        return new Response(null, { status: 500 });
      }
    },

    handler(request, response) {
      // A mistake of ours must not end the process.
      const onFault = (error: unknown) => {
        reportFault(error);
        (response as ServerResponse).destroy();
      };
      try {
        answer(
          new NodeExchange(request as IncomingMessage, response as ServerResponse, settings.answer),
        )?.catch(onFault);
      } catch (error) {
        onFault(error);
      }
    },

    upgrade(request, socket, head) {
      upgrades.take(request, socket, head).catch((error: unknown) => {
        reportFault(error);
        socket.destroy();
      });
    },

    endStreams: () => streams.end(),

    stream: (stream) => answer(new StreamExchange(stream, all.writeTimeoutMs)),

    webSocket: (stream) => upgrades.takeStream(stream),
  };
}

function methodsOf(options: EdgeOptions, streams: ChannelStreams): readonly EdgeMethod[] {
  const { server, channel, services } = options as Partial<ServerEdgeOptions & ChannelEdgeOptions>;
  return server === undefined ? channelMethods(channel!, services!, streams) : directMethods(server);
}

function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
