import type { EdgeCall } from "../calls/edge-method.js";
import { isRead } from "../conditional/preconditions.js";
import { EdgeError } from "../errors/edge-error.js";
import { sendable } from "../errors/sendable.js";
import type { Exchange } from "../http/exchange.js";
import { givenType, mediaTypeOf } from "../http/media-type.js";
import { allMetadataOf } from "../http/metadata.js";
import { commonHeaders } from "../serve/answer.js";
import { openCall } from "../serve/open-call.js";
import { refuseMethod } from "../serve/refuse-method.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { Carrier } from "./carrier.js";
import { connectCarrier, connectGetCarrier, CONNECT_TYPES, refuseConnect } from "./connect.js";
import { grpcWebCarrier, GRPC_WEB_TYPES, refuseGrpcWeb } from "./grpc-web.js";
import type { RpcMethod } from "./rpc-methods.js";

/**
 * Answers a request for a method by the protocol that it is in. One in no protocol that the method has is refused by HTTP alone.
 *
 * @param query The URL's, without the question mark.
 */
export function serveRpc(
  exchange: Exchange,
  rpc: RpcMethod,
  query: string,
  settings: EdgeSettings,
): Promise<void> | undefined {
  try {
    return serveCarried(exchange, rpc, query, settings);
  } catch (thrown) {
    if (!(thrown instanceof EdgeError)) throw thrown;
    refuseInText(exchange, thrown, settings);
    return undefined;
  }
}

/** @throws {EdgeError} for a request in no protocol that the method has. */
function serveCarried(
  exchange: Exchange,
  rpc: RpcMethod,
  query: string,
  settings: EdgeSettings,
): Promise<void> | undefined {
  if (!rpc.httpMethods.includes(exchange.method)) return refuseMethod(exchange, rpc.httpMethods, settings);
  const carrier = carrierOf(exchange, rpc, query, settings);
  if (carrier !== undefined) return answerCall(exchange, rpc, carrier, settings);
  const types = [
    ...(rpc.protocols.has("connect") ? CONNECT_TYPES[isStream(rpc) ? "stream" : "unary"] : []),
    ...(rpc.protocols.has("grpc-web") ? GRPC_WEB_TYPES : []),
  ];
  const text = `content-type must be ${types.join(" or ")}, ${givenType(exchange)}`;
  throw new EdgeError("MEDIA_TYPE_NOT_TAKEN", text, {
    "accept-post": types.join(", "),
  });
}

/** In JSON, it would claim to be an error of Connect, whose clients know an HTTP status that stands for itself. */
function refuseInText(exchange: Exchange, error: EdgeError, settings: EdgeSettings): void {
  const body = `${error.details}\n`;
  const headers = [...commonHeaders(exchange, settings), "content-type", "text/plain; charset=utf-8"];
  headers.push("content-length", String(Buffer.byteLength(body)), ...Object.entries(error.headers).flat());
  exchange.respond({ status: error.httpStatus, headers }, body);
}

/**
 * Refuses a request for a method that there is not, in the protocol that it is in; false if it is in none.
 *
 * @param hint The end of the error's text.
 */
export function refuseRpc(exchange: Exchange, hint: string, settings: EdgeSettings): boolean {
  const error = new EdgeError("RPC_NOT_FOUND", `the method is not implemented${hint}`);
  return refuseGrpcWeb(exchange, error, settings) || refuseConnect(exchange, error, settings);
}

function carrierOf(
  exchange: Exchange,
  rpc: RpcMethod,
  query: string,
  settings: EdgeSettings,
): Carrier | undefined {
  if (isRead(exchange)) return connectGetCarrier(exchange, rpc, query, settings);
  const { type, isUtf8 } = mediaTypeOf(exchange.header("content-type"));
  if (!isUtf8) return undefined;
  return (
    (rpc.protocols.has("connect") ? connectCarrier(exchange, rpc, type, settings) : undefined) ??
    (rpc.protocols.has("grpc-web") ? grpcWebCarrier(exchange, rpc, type, settings) : undefined)
  );
}

function isStream({ method: { descriptor } }: RpcMethod): boolean {
  return descriptor.requestStream || descriptor.responseStream;
}

/** Makes a call of a request, and its answer of what comes back. */
async function answerCall(
  exchange: Exchange,
  { method }: RpcMethod,
  carrier: Carrier,
  settings: EdgeSettings,
): Promise<void> {
  const { responseStream } = method.descriptor;
  let opened: EdgeCall | undefined;
  try {
    const limitMs = responseStream ? Infinity : settings.limits.callTimeoutMs;
    const timeoutMs = Math.min(carrier.timeoutMs() ?? Infinity, limitMs);
    const logFields = { protocol: carrier.protocol, "http.request.method": exchange.method };
    const call = openCall(exchange, { method, logFields }, settings, {
      metadata: allMetadataOf(exchange, settings.requestMetadata),
      timeoutMs,
      onHeader: () => carrier.begin(call),
    });
    opened = call;
    exchange.onGone(() => call.cancel());
    const read = () => carrier.read();
    if (responseStream) await call.stream(read, (message) => carrier.send(carrier.encode(message), call));
    else await carrier.send(await call.unary(read, (message) => carrier.encode(message)), call);
    await carrier.end(call, undefined);
  } catch (thrown) {
    await carrier.end(opened, sendable(thrown));
  } finally {
    opened?.end();
  }
}
