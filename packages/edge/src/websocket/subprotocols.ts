import { EdgeError } from "../errors/edge-error.js";
import { partsOf } from "../http/header-list.js";

/** The subprotocol whose messages are JSON, in text frames. */
export const JSON_PROTOCOL = "callwire.v1.json";
/** The subprotocol whose messages are protobuf's binary form, in binary frames. */
export const PROTO_PROTOCOL = "callwire.v1.proto";
/** What stands before a bearer token in base64url, for clients that cannot send header fields: pages. */
const BEARER_PREFIX = "callwire.bearer.";

/** RFC 6750, section 2.1: "b64token". */
const TOKEN = /^[\w.~+/-]+=*$/;

/** What a client offers by `sec-websocket-protocol`. */
export interface Offer {
  /** The one that is taken, which the answer names; undefined if none was offered, and then the messages are JSON. */
  readonly protocol: typeof JSON_PROTOCOL | typeof PROTO_PROTOCOL | undefined;
  /** The bearer token beside it. It is never sent back. */
  readonly token: string | undefined;
}

/** @throws {EdgeError} for an offer without any of ours, or with a token that is none. */
export function parseOffer(value: string | undefined): Offer {
  if (value === undefined) return { protocol: undefined, token: undefined };
  const offered = partsOf(value);
  const protocol = offered.find((name) => name === JSON_PROTOCOL || name === PROTO_PROTOCOL);
  if (protocol === undefined)
    throw new EdgeError("BAD_HEADER", `offer the subprotocol ${JSON_PROTOCOL} or ${PROTO_PROTOCOL}`);
  const encoded = offered.find((name) => name.startsWith(BEARER_PREFIX))?.slice(BEARER_PREFIX.length);
  if (encoded === undefined) return { protocol, token: undefined };
  const token = Buffer.from(encoded, "base64url").toString("latin1");
  if (!TOKEN.test(token))
    throw new EdgeError("BAD_HEADER", `${BEARER_PREFIX} goes before a bearer token in base64url`);
  return { protocol, token };
}
