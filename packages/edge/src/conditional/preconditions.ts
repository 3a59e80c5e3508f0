import type { Properties } from "../binding/field-path.js";
import { EdgeError } from "../errors/edge-error.js";
import { reasonsOf, type JsonStatus } from "../errors/status-json.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import { fieldOfTag, parseTags, type EntityTag } from "./entity-tags.js";

/** The tags of a condition. @throws {EdgeError} for what is no list of tags. */
function tagsOf(exchange: Exchange, name: "if-match" | "if-none-match") {
  const value = exchange.header(name);
  if (value === undefined) return undefined;
  const tags = parseTags(value);
  if (tags === undefined)
    throw new EdgeError("BAD_HEADER", `${name} is malformed: tags stand in quotes, as "5a" does`);
  return tags;
}

/**
 * Puts the tag of `if-match` into a request that changes something: the service compares, since only it can do so at the moment of
 * the change. Of `*` nothing is left to do, as an update or a delete asks for what exists.
 *
 * @throws {EdgeError} for a condition that the service cannot keep: to pass it over would lose somebody's change.
 */
export function setExpectedTag(
  exchange: Exchange,
  route: Route,
  message: Properties | undefined,
  isQuoted: boolean,
): void {
  if (isRead(exchange)) return;
  if (exchange.header("if-none-match") !== undefined)
    throw notTaken("if-none-match is taken by GET and HEAD alone");
  const tags = tagsOf(exchange, "if-match");
  if (tags === undefined || tags === "*") return;
  const field = route.etags.request;
  if (message === undefined || field === undefined)
    throw notTaken("if-match is not taken here: the request has no field for a tag");
  const [tag, ...others] = tags;
  if (others.length > 0) throw notTaken("if-match is taken with one tag, not with several");
  // RFC 9110, section 13.1.1: a weak tag is equal to none. Those of a service that has its own are the service's to compare.
  if (tag!.isWeak && !isQuoted) throw failed();
  route.request.setHeaderText(message, field, fieldOfTag(tag!, isQuoted), "if-match");
}

/**
 * Decides what a request that reads gets (RFC 9110, section 13.2.2).
 *
 * @returns The tag that the client has, if that is enough; undefined if it gets the whole answer.
 * @throws {EdgeError} PRECONDITION_FAILED.
 */
export function knownTag(exchange: Exchange, tag: EntityTag): EntityTag | undefined {
  if (!isRead(exchange)) return undefined;
  const expected = tagsOf(exchange, "if-match");
  if (expected !== undefined && expected !== "*") {
    const isSame = (one: EntityTag) => !one.isWeak && !tag.isWeak && one.opaque === tag.opaque;
    if (!expected.some(isSame)) throw failed();
  }
  const known = tagsOf(exchange, "if-none-match");
  if (known === "*") return tag;
  return known?.find(({ opaque }) => opaque === tag.opaque);
}

/** The reasons by which services say that the state has changed: `aborted` of the server-kit, and whatever names the tag. */
const MISMATCH = /ETAG|^CONCURRENT_CHANGE$/;

/** True if a service's error says that `if-match` is not so: ABORTED by AIP-154, or one that says so by its reason. */
export function isMismatch(exchange: Exchange, json: JsonStatus): boolean {
  const { status } = json;
  const expected = exchange.header("if-match");
  if (expected === undefined || expected.trim() === "*" || isRead(exchange)) return false;
  if (status !== "ABORTED" && status !== "FAILED_PRECONDITION") return false;
  const reasons = reasonsOf(json);
  return reasons.length === 0 ? status === "ABORTED" : reasons.some((reason) => MISMATCH.test(reason));
}

export function isRead({ method }: Exchange): boolean {
  return method === "GET" || method === "HEAD";
}

function failed(): EdgeError {
  return new EdgeError("PRECONDITION_FAILED", "the resource has changed: read it again");
}

function notTaken(message: string): EdgeError {
  return new EdgeError("PRECONDITION_NOT_TAKEN", message);
}
