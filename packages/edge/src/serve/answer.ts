import { Status, type Metadata, type ServerError } from "nice-grpc-common";
import { EdgeError } from "../errors/edge-error.js";
import { errorBody, errorObject } from "../errors/error-body.js";
import { httpStatusOf } from "../errors/http-status.js";
import { sendable } from "../errors/sendable.js";
import { statusToJson, type JsonStatus } from "../errors/status-json.js";
import type { Exchange } from "../http/exchange.js";
import { addFields } from "../http/metadata.js";
import { addVary } from "../http/vary.js";
import type { Route } from "../routing/route.js";
import type { EdgeSettings } from "./settings.js";

/** What is known of a call when its answer is made. */
export interface Answered {
  readonly header: Metadata;
  readonly trailer: Metadata;
}

/** Fields that every answer has: a browser must not guess what it is. */
const COMMON = ["x-content-type-options", "nosniff"];

/** The fields of an answer beside those of its body. */
export function commonHeaders(exchange: Exchange, settings: EdgeSettings, call?: Answered): string[] {
  const headers = [...COMMON];
  if (settings.cors !== undefined) headers.push(...settings.cors.headers(exchange.header("origin")));
  if (call !== undefined) addFields(headers, [call.header, call.trailer], settings.responseMetadata);
  return headers;
}

/** An error on its way out. */
export interface OutgoingError {
  readonly httpStatus: number;
  readonly json: JsonStatus;
  readonly error: ServerError;
}

/** @param service ErrorInfo's domain, for an error that comes without details. */
function outgoingError(
  error: ServerError,
  call: Answered | undefined,
  service: string,
  { registry }: EdgeSettings,
): OutgoingError {
  const httpStatus = error instanceof EdgeError ? error.httpStatus : httpStatusOf(error.code);
  return { httpStatus, error, json: statusToJson(error, call?.trailer, service, registry) };
}

/** What was thrown by a call of a method, on its way out. */
export function failureOf(
  thrown: unknown,
  call: Answered | undefined,
  { name }: Pick<Route, "name">,
  settings: EdgeSettings,
): OutgoingError {
  return outgoingError(sendable(thrown), call, name.slice(0, name.lastIndexOf("/")), settings);
}

/** Answers with an error. */
export function respondError(
  exchange: Exchange,
  { httpStatus, json, error }: OutgoingError,
  settings: EdgeSettings,
  call?: Answered,
): void {
  const { type, body } = errorBody(httpStatus, json, exchange.header("accept"));
  const headers = commonHeaders(exchange, settings, call);
  addVary(headers, "accept");
  headers.push("content-type", type, "content-length", String(Buffer.byteLength(body)));
  if (json.retryAfterSeconds !== undefined) headers.push("retry-after", String(json.retryAfterSeconds));
  // RFC 9110, section 15.5.2: a 401 says how to do it better.
  if (error.code === Status.UNAUTHENTICATED) headers.push("www-authenticate", "Bearer");
  if (error instanceof EdgeError)
    for (const [name, value] of Object.entries(error.headers)) headers.push(name, value);
  exchange.respond({ status: httpStatus, headers }, body);
}

/** ErrorInfo's domain, for what is refused before its method is known. */
const DOMAIN = "callwire.edge";

/** Answers with an error of the edge's own, before there is a call. */
export function refuse(exchange: Exchange, error: ServerError, settings: EdgeSettings): void {
  respondError(exchange, outgoingError(error, undefined, DOMAIN, settings), settings);
}

/** An error as the last part of a stream. */
export function errorLine({ httpStatus, json }: OutgoingError): string {
  return JSON.stringify(errorObject(httpStatus, json));
}
