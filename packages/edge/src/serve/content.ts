import { createHash } from "node:crypto";
import { toJsonText, type JsonWriteOptions } from "@callwire/protobuf";
import { sharedForm } from "@callwire/transport/client";
import { valueAt, valueOf, type Properties } from "../binding/field-path.js";
import { tagOfField, type EntityTag } from "../conditional/entity-tags.js";
import { isRead } from "../conditional/preconditions.js";
import { JSON_TYPE } from "../errors/error-body.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import type { EdgeSettings, EtagSettings } from "./settings.js";

/** The body of an answer. */
export interface Content {
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly tag?: EntityTag | undefined;
}

/** The part of a message that its route sends. */
function sentOf({ response }: Route, message: unknown): Properties | undefined {
  const whole = message as Properties;
  return response.field === undefined ? whole : (valueOf(whole, response.field) as Properties | undefined);
}

/** The part of a message that its route sends, as JSON. */
export function jsonOf(route: Route, message: unknown, options: JsonWriteOptions): string {
  const sent = sentOf(route, message);
  // A message that is not there is null in JSON, as a field of its own would not be there.
  return sent === undefined ? "null" : toJsonText<unknown>(route.response.type, sent, options);
}

/** As {@link jsonOf}, and made once for all who get the message, or a part of it. */
export function sharedJsonOf(route: Route, message: unknown, settings: JsonSettings): string {
  const { write, writeKept } = settings;
  // Of a message that is kept as a whole, no part is kept beside it.
  return sharedForm(message, route, (one, isShared) => jsonOf(route, one, isShared ? write : writeKept));
}

/** The ways to write JSON. */
export type JsonSettings = Pick<EdgeSettings, "write" | "writeKept">;

/** The body that a message is. */
export function contentOf(
  exchange: Exchange,
  route: Route,
  message: unknown,
  settings: EdgeSettings,
): Content {
  const sent = sentOf(route, message);
  const raw = route.response.httpBody?.read(sent);
  const body = raw === undefined ? sharedJsonOf(route, message, settings) : raw.body;
  return { type: raw?.type ?? JSON_TYPE, body, tag: tagOf(exchange, route, sent, body, settings.etags) };
}

/** A tag goes with what a client may ask for again: RFC 9110, section 9.3.4, has none in the answer to a PUT. */
const TAGGED: readonly string[] = ["GET", "HEAD", "POST", "PATCH"];

function tagOf(
  exchange: Exchange,
  { etags: { response } }: Route,
  sent: Properties | undefined,
  body: string | Uint8Array,
  { isQuoted, isWeak }: EtagSettings,
): EntityTag | undefined {
  if (response !== undefined) {
    const value = sent && valueAt(sent, response);
    const isTagged = typeof value === "string" && TAGGED.includes(exchange.method);
    return isTagged ? tagOfField(value, isQuoted) : undefined;
  }
  if (!isWeak || !isRead(exchange)) return undefined;
  // It need not withstand anybody: who makes two bodies of one tag has made both.
  return { opaque: createHash("sha1").update(body).digest("base64url"), isWeak: true };
}
