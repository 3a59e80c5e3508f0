import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "../http/exchange.js";
import { mediaTypeOf } from "../http/media-type.js";
import { textsOf } from "../http/metadata.js";
import { commonHeaders } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { Carrier } from "./carrier.js";
import { connectError } from "./connect-error.js";
import { ConnectUnaryCarrier } from "./connect-unary-carrier.js";
import { queryOf } from "./connect-query.js";
import { EnvelopedCarrier, type EnvelopeDialect } from "./enveloped-carrier.js";
import type { RpcMethod } from "./rpc-methods.js";

/** The media types of Connect. */
export const CONNECT_TYPES = {
  unary: ["application/json", "application/proto"],
  stream: ["application/connect+json", "application/connect+proto"],
} as const;

/** The fields that a page of another origin may send. */
export const CONNECT_REQUEST_FIELDS: readonly string[] = [
  "connect-accept-encoding",
  "connect-content-encoding",
  "connect-protocol-version",
  "connect-timeout-ms",
];
/** The fields that it may read. */
export const CONNECT_RESPONSE_FIELDS: readonly string[] = [
  "connect-accept-encoding",
  "connect-content-encoding",
];

const VERSION = "1";
const UNARY = /^application\/(proto|json)$/;
const STREAM = /^application\/connect\+(proto|json)$/;

/** A stream of Connect (connectrpc.com/docs/protocol): the last envelope of its answer is JSON. */
const dialect: EnvelopeDialect = {
  protocol: "connect",
  encodingField: "connect-content-encoding",
  acceptField: "connect-accept-encoding",
  lastFlag: 0x02,
  timeoutMs: connectTimeoutMs,
  check: checkVersion,
  last({ error, trailer, service, names }) {
    const metadata = trailer && Object.fromEntries(textsOf(trailer, names));
    const end = { ...(error && { error: connectError(error, trailer, service) }), metadata };
    return Buffer.from(JSON.stringify(end));
  },
};

/** The carrier of a request by POST; undefined if its media type is none of Connect's for the method. */
export function connectCarrier(
  exchange: Exchange,
  rpc: RpcMethod,
  type: string,
  settings: EdgeSettings,
): Carrier | undefined {
  const { requestStream, responseStream } = rpc.method.descriptor;
  const isStream = requestStream || responseStream;
  const formatName = (isStream ? STREAM : UNARY).exec(type)?.[1];
  const format = formatName === undefined ? undefined : rpc.formats[formatName as "proto" | "json"];
  if (format === undefined) return undefined;
  const body = { contentType: type, format };
  if (isStream) return new EnvelopedCarrier(exchange, rpc, dialect, { ...body, isText: false }, settings);
  return new ConnectUnaryCarrier(exchange, rpc, body, settings, {
    timeoutMs: () => connectTimeoutMs(exchange),
    request: async () => {
      checkVersion(exchange);
      return {
        encoding: exchange.header("content-encoding"),
        bytes: await exchange.readBody(settings.body),
      };
    },
  });
}

/** The carrier of a request by GET, or by HEAD. @throws {EdgeError} if the query names no format that the method has. */
export function connectGetCarrier(
  exchange: Exchange,
  rpc: RpcMethod,
  query: string,
  settings: EdgeSettings,
): Carrier {
  const parameters = queryOf(query);
  const formatName = parameters.text("encoding");
  const format = formatName === "proto" || formatName === "json" ? rpc.formats[formatName] : undefined;
  if (format === undefined)
    throw new EdgeError("MEDIA_TYPE_NOT_TAKEN", "the parameter encoding must be proto or json");
  const body = { contentType: `application/${formatName}`, format };
  return new ConnectUnaryCarrier(exchange, rpc, body, settings, {
    timeoutMs: () => connectTimeoutMs(exchange),
    request: async () => {
      const version = parameters.text("connect");
      if (version !== undefined && version !== `v${VERSION}`)
        throw new EdgeError("BAD_PARAMETER", `connect must be v${VERSION}`);
      // Over HTTP/2, one without a byte may end behind its head.
      if (exchange.hasBody && (await exchange.readBody(settings.body)).length > 0)
        throw new EdgeError("BODY_NOT_TAKEN", "a request by GET takes no body");
      return { encoding: parameters.text("compression"), bytes: parameters.message() };
    },
  });
}

/** Answers a request in Connect with an error; false if it is in another protocol. */
export function refuseConnect(exchange: Exchange, error: EdgeError, settings: EdgeSettings): boolean {
  const { type } = mediaTypeOf(exchange.header("content-type"));
  const isConnect =
    STREAM.test(type) ||
    type === "application/proto" ||
    exchange.header("connect-protocol-version") !== undefined;
  if (!isConnect) return false;
  const body = JSON.stringify(connectError(error, undefined, ""));
  const headers = [...commonHeaders(exchange, settings), "content-type", "application/json"];
  headers.push("content-length", String(Buffer.byteLength(body)));
  exchange.respond({ status: error.httpStatus, headers }, body);
  return true;
}

function connectTimeoutMs(exchange: Exchange): number | undefined {
  const timeout = exchange.header("connect-timeout-ms");
  if (timeout === undefined) return undefined;
  if (!/^\d{1,10}$/.test(timeout))
    throw new EdgeError("BAD_HEADER", "connect-timeout-ms must be a whole number of at most 10 digits");
  return Number(timeout);
}

function checkVersion(exchange: Exchange): void {
  const version = exchange.header("connect-protocol-version");
  if (version !== undefined && version !== VERSION)
    throw new EdgeError("BAD_HEADER", `connect-protocol-version must be ${VERSION}`);
}
