import { encodeStatusMessage, parseTimeout } from "@callwire/transport/client";
import { Status } from "nice-grpc-common";
import { EdgeError } from "../errors/edge-error.js";
import { STATUS_DETAILS } from "../errors/status-json.js";
import type { Exchange } from "../http/exchange.js";
import { mediaTypeOf } from "../http/media-type.js";
import { textsOf } from "../http/metadata.js";
import { commonHeaders } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import { EnvelopedCarrier, type CallEnd, type EnvelopeDialect } from "./enveloped-carrier.js";
import type { Carrier } from "./carrier.js";
import type { RpcMethod } from "./rpc-methods.js";
import { rpcStatusBytes } from "./rpc-status.js";

/** The media types of gRPC-Web, without their formats, which may follow: `+proto`, the default, and `+json`. */
export const GRPC_WEB_TYPES: readonly string[] = ["application/grpc-web", "application/grpc-web-text"];

const TYPE = /^application\/grpc-web(-text)?(?:\+(proto|json))?$/;

/** The fields that a page of another origin may send, and those that it may read. */
export const GRPC_WEB_REQUEST_FIELDS: readonly string[] = [
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-timeout",
  "x-grpc-web",
  "x-user-agent",
];
export const GRPC_WEB_RESPONSE_FIELDS: readonly string[] = [
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  STATUS_DETAILS,
];

/** gRPC-Web (github.com/grpc/grpc, PROTOCOL-WEB.md): gRPC whose trailers are the last envelope of the body. */
const dialect: EnvelopeDialect = {
  protocol: "grpc-web",
  encodingField: "grpc-encoding",
  acceptField: "grpc-accept-encoding",
  lastFlag: 0x80,
  timeoutMs(exchange) {
    const timeout = exchange.header("grpc-timeout");
    if (timeout === undefined) return undefined;
    const timeoutMs = parseTimeout(timeout);
    if (timeoutMs === undefined) throw new EdgeError("BAD_HEADER", "grpc-timeout is malformed");
    return timeoutMs;
  },
  last: (end) => Buffer.from(linesOf(trailersOf(end)), "latin1"),
  refusal: statusOf,
};

/** The carrier of a request; undefined if its media type is none of gRPC-Web's. */
export function grpcWebCarrier(
  exchange: Exchange,
  rpc: RpcMethod,
  type: string,
  settings: EdgeSettings,
): Carrier | undefined {
  const match = TYPE.exec(type);
  const format = match === null ? undefined : rpc.formats[(match[2] ?? "proto") as "proto" | "json"];
  if (format === undefined) return undefined;
  const body = { contentType: type, format, isText: match?.[1] !== undefined };
  return new EnvelopedCarrier(exchange, rpc, dialect, body, settings);
}

/** Answers a request in gRPC-Web with an error by header fields alone; false if it is in another protocol. */
export function refuseGrpcWeb(exchange: Exchange, error: EdgeError, settings: EdgeSettings): boolean {
  const { type } = mediaTypeOf(exchange.header("content-type"));
  if (!TYPE.test(type)) return false;
  const status = statusOf({ error, trailer: undefined, service: "", names: [] });
  const headers = [...commonHeaders(exchange, settings), "content-type", type, "content-length", "0"];
  exchange.respond({ status: 200, headers: [...headers, ...status] }, undefined);
  return true;
}

/** A status as fields: name, value, name, value … */
function statusOf({ error, trailer, service }: CallEnd): string[] {
  if (error === undefined) return ["grpc-status", String(Status.OK)];
  const details = rpcStatusBytes(error, trailer, service);
  const fields = ["grpc-status", String(error.code), "grpc-message", encodeStatusMessage(error.details)];
  if (details.length > 0)
    fields.push(STATUS_DETAILS, Buffer.from(details).toString("base64").replace(/=+$/, ""));
  return fields;
}

function trailersOf(end: CallEnd): string[] {
  const fields = statusOf(end);
  for (const [name, values] of end.trailer === undefined ? [] : textsOf(end.trailer, end.names))
    for (const value of values) fields.push(name, value);
  return fields;
}

function linesOf(fields: readonly string[]): string {
  let lines = "";
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}
