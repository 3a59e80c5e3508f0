import type { Properties } from "../binding/field-path.js";
import { isEmptyObject, type RequestParts } from "../binding/request-binding.js";
import { readBody, readChunks } from "../compression/request-body.js";
import { setRequestId } from "../conditional/idempotency-key.js";
import { setExpectedTag } from "../conditional/preconditions.js";
import { EdgeError } from "../errors/edge-error.js";
import { mayCall, originNotAllowed } from "../http/cors.js";
import type { Exchange } from "../http/exchange.js";
import { givenType, mediaTypeOf } from "../http/media-type.js";
import type { Route } from "../routing/route.js";
import { ndjsonLines } from "../streams/ndjson-lines.js";
import { NDJSON_TYPES } from "../streams/stream-form.js";
import type { EdgeSettings } from "./settings.js";

/** The media types of bodies of one kind. */
interface BodyTypes {
  /** The one that a client is told of. */
  readonly wanted: string;
  /** True for one that is taken, in lower case. */
  readonly has: (type: string) => boolean;
}

/** `application/json`, and what is JSON by its suffix (RFC 6839, section 3.1). */
const json: BodyTypes = {
  wanted: "application/json",
  has: (type) => /^application\/(?:json|[\w.-]+\+json)$/.test(type),
};

const ndjson: BodyTypes = { wanted: NDJSON_TYPES[0]!, has: (type) => NDJSON_TYPES.includes(type) };

/**
 * Reads the request of a call that was admitted: a message, or a stream of them.
 *
 * @throws {ServiceError} that says what is wrong with it.
 */
export function readRequest(
  exchange: Exchange,
  route: Route,
  parts: RequestParts,
  settings: EdgeSettings,
): unknown {
  const { etags } = settings;
  const { request } = route;
  if (route.method.descriptor.requestStream) {
    setExpectedTag(exchange, route, undefined, etags.isQuoted);
    return readMessages(exchange, route, parts, settings);
  }
  const complete = (message: Properties): Properties => {
    const position = exchange.header("last-event-id");
    if (route.resume !== undefined && position !== undefined && position !== "")
      request.setText(message, route.resume.request, position);
    setExpectedTag(exchange, route, message, etags.isQuoted);
    setRequestId(exchange, route, message);
    return message;
  };
  if (!exchange.hasBody) return complete(request.message(parts, undefined));
  if (!request.hasBody) {
    return readBody(exchange, settings.body).then((body) => {
      // Over HTTP/2, a body without a byte may end behind its head; and many clients send an empty object with every POST.
      if (body.length > 0 && !(isOfType(exchange, json) && isEmptyObject(body))) throw bodyNotTaken(route);
      return complete(request.message(parts, undefined));
    });
  }
  const type = rawTypeOf(exchange, route, json, settings);
  return readBody(exchange, settings.body).then((body) =>
    complete(type === undefined ? request.message(parts, body) : request.messageOf(parts, { type, body })),
  );
}

async function* readMessages(
  exchange: Exchange,
  route: Route,
  parts: RequestParts,
  settings: EdgeSettings,
): AsyncGenerator<unknown, void, undefined> {
  const { request } = route;
  const type = rawTypeOf(exchange, route, ndjson, settings);
  const chunks = readChunks(exchange, settings.body, settings.limits.maxExpansion);
  if (type !== undefined) {
    for await (const body of chunks) yield request.messageOf(parts, { type, body });
    return;
  }
  const lines = ndjsonLines(chunks, settings.body);
  let index = 0;
  for await (const line of lines) yield request.message(parts, line, `[${index++}]`);
}

/** The type of a body that may be of any; undefined for one that is JSON. @throws {EdgeError} for another one. */
function rawTypeOf(
  exchange: Exchange,
  { request }: Route,
  types: BodyTypes,
  { cors }: EdgeSettings,
): string | undefined {
  if (request.httpBody === undefined) {
    checkType(exchange, types);
    return undefined;
  }
  if (!mayCall(exchange, cors)) throw originNotAllowed(exchange);
  return exchange.header("content-type") ?? "";
}

function bodyNotTaken({ httpMethod, template }: Route): EdgeError {
  return new EdgeError("BODY_NOT_TAKEN", `${httpMethod} ${template.text} takes no body`);
}

function isOfType(exchange: Exchange, { has }: BodyTypes): boolean {
  const { type, isUtf8 } = mediaTypeOf(exchange.header("content-type"));
  return has(type) && isUtf8;
}

/** A page of another origin can send some types without asking first (CORS); JSON is none of them. */
function checkType(exchange: Exchange, types: BodyTypes): void {
  if (isOfType(exchange, types)) return;
  const { wanted } = types;
  const message = `content-type must be ${wanted}, ${givenType(exchange)}`;
  throw new EdgeError("MEDIA_TYPE_NOT_TAKEN", message, { accept: wanted });
}
