import type { Properties } from "../binding/field-path.js";
import { EdgeError } from "../errors/edge-error.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";

/** The longest `idempotency-key` that is taken, in characters. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 255;

/** Visible characters without quotes, backslashes and what separates the parts of a list. */
const KEY = /^(?:"([ !#-[\]-~]+)"|([!#-+\--:<-[\]-~]+))$/;

/**
 * Puts `idempotency-key` into a request's `request_id` (AIP-155), if it has one: a text in quotes (RFC 9651), or as it is.
 *
 * @throws {EdgeError} for a key that is malformed.
 */
export function setRequestId(exchange: Exchange, route: Route, message: Properties): void {
  const value = exchange.header("idempotency-key");
  if (value === undefined || route.requestId === undefined) return;
  const [, quoted, plain] = KEY.exec(value.trim()) ?? [];
  const key = quoted ?? plain;
  if (key === undefined || key.length > MAX_IDEMPOTENCY_KEY_LENGTH)
    throw new EdgeError(
      "BAD_HEADER",
      `idempotency-key must be one text of 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} visible ASCII characters, as a UUID is`,
    );
  route.request.setHeaderText(message, route.requestId, key, "idempotency-key");
}
