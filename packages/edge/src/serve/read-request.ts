import type { RequestParts } from "../binding/request-binding.js";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import { ndjsonLines } from "../streams/ndjson-lines.js";
import { NDJSON_TYPES } from "../streams/stream-form.js";
import type { EdgeSettings } from "./settings.js";

/** `application/json`, and what is JSON by its suffix (RFC 6839, section 3.1). */
const JSON_TYPE = /^application\/(?:json|[\w.-]+\+json)$/;

/**
 * Reads the request of a call that was admitted: a message, or a stream of them.
 *
 * @throws {ServiceError} that says what is wrong with it.
 */
export function readRequest(
  exchange: Exchange,
  route: Route,
  parts: RequestParts,
  { limits }: EdgeSettings,
): unknown {
  if (route.method.descriptor.requestStream) {
    checkType(exchange, (type) => NDJSON_TYPES.includes(type), NDJSON_TYPES[0]!);
    return readMessages(exchange, route, parts, limits);
  }
  const toMessage = (body: Uint8Array | undefined) => {
    const message = route.request.message(parts, body);
    const position = exchange.header("last-event-id");
    if (route.resume !== undefined && position !== undefined && position !== "")
      route.request.setText(message, route.resume.request, position);
    return message;
  };
  if (!exchange.hasBody) return toMessage(undefined);
  if (!route.request.hasBody)
    throw new EdgeError("BODY_NOT_TAKEN", `${route.httpMethod} ${route.template.text} takes no body`);
  checkType(exchange, (type) => JSON_TYPE.test(type), "application/json");
  return exchange.readBody(limits.maxBodyBytes, limits.bodyTimeoutMs).then(toMessage);
}

async function* readMessages(
  exchange: Exchange,
  { request }: Route,
  parts: RequestParts,
  { maxBodyBytes, bodyTimeoutMs }: EdgeSettings["limits"],
): AsyncGenerator<unknown, void, undefined> {
  const lines = ndjsonLines(exchange.readChunks(), { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs });
  let index = 0;
  for await (const line of lines) yield request.message(parts, line, `[${index++}]`);
}

/** A page of another origin can send some types without asking first (CORS); JSON is none of them. */
function checkType(exchange: Exchange, isTaken: (type: string) => boolean, wanted: string): void {
  const given = exchange.header("content-type") ?? "";
  const [type = "", ...parameters] = given.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (isTaken(type) && isUtf8) return;
  const message = `the body must be ${wanted}${isTaken(type) ? ", in UTF-8" : ""}`;
  throw new EdgeError("MEDIA_TYPE_NOT_TAKEN", message, { accept: wanted });
}
