import { tagText } from "../conditional/entity-tags.js";
import { knownTag } from "../conditional/preconditions.js";
import type { Exchange } from "../http/exchange.js";
import { commonHeaders } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";
import { READ, type Place } from "./place.js";
import { ServedResource, type StaticResource } from "./static-resource.js";

/** The place of a resource. @param option The one that has brought it. */
export function resourcePlace(option: string, resource: StaticResource, settings: EdgeSettings): Place {
  const served = new ServedResource(resource);
  const serve = (exchange: Exchange) => serveResource(exchange, served, settings);
  return { path: resource.path, option, httpMethods: READ, serve };
}

/**
 * Answers a GET or a HEAD with a resource, or that the client has it already.
 *
 * @throws {EdgeError} for a condition that is not so, or a coding that there is not.
 */
function serveResource(
  exchange: Exchange,
  served: ServedResource,
  settings: EdgeSettings,
): Promise<void> | undefined {
  const { compression } = settings;
  const { body, contentType: type, headers: more = {} } = served.resource;
  const chosen = compression.codingFor(exchange, type);
  const known = knownTag(exchange, served.tag);
  const headers = commonHeaders(exchange, settings);
  for (const [name, value] of Object.entries(more)) headers.push(name, value);
  // A new version of the program may have another one: a client asks each time, and gets it only then.
  headers.push("cache-control", "no-cache");
  compression.addVary(headers);
  if (known !== undefined) {
    headers.push("etag", tagText(known));
    exchange.respond({ status: 304, headers }, undefined);
    return undefined;
  }
  const coding = compression.codingOf({ type, body }, chosen);
  headers.push("content-type", type, "etag", tagText(served.tag, coding));
  const respond = (sent: string | Uint8Array): void => {
    headers.push("content-length", String(Buffer.byteLength(sent)));
    exchange.respond({ status: 200, headers }, sent);
  };
  if (coding === undefined) {
    respond(body);
    return undefined;
  }
  headers.push("content-encoding", coding);
  return served.compressed(coding).then(respond);
}
