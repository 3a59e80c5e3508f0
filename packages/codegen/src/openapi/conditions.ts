import { ScalarType, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import type { HttpBinding } from "../http-rules.js";
import { findField } from "./field-path.js";
import type { JsonObject } from "./schema.js";

// Tags of states and conditions, as @callwire/edge makes them of the fields of AIP-154.

/** The field of a tag, unless the edge's option `etags.field` says otherwise. */
const ETAG_FIELD = "etag";

/** The HTTP methods whose answers have a tag. */
const TAGGED = new Set(["GET", "HEAD", "POST", "PATCH"]);

/** What an operation has of tags. */
export interface Conditions {
  readonly parameters: readonly JsonObject[];
  /** The header fields of the response 200. */
  readonly headers: JsonObject | undefined;
  /** The responses beside 200. */
  readonly responses: JsonObject;
}

const tag = { schema: { type: "string" }, example: '"5a"' };

const ETAG: JsonObject = { etag: { description: "The tag of the state, in quotes.", ...tag } };

const IF_NONE_MATCH: JsonObject = {
  name: "if-none-match",
  in: "header",
  description: "The `etag` of the state that the caller has: while it is the same, the response is 304.",
  ...tag,
};

const IF_MATCH: JsonObject = {
  name: "if-match",
  in: "header",
  description:
    "The `etag` of the state that is to change: if it is another one, nothing changes, and the response is 412.",
  ...tag,
};

const NOT_MODIFIED: JsonObject = { "304": { description: "The state is the one of `if-none-match`." } };

/** @param fieldPaths The fields that the path has. */
export function conditionsOf(
  { input, output, proto }: DescMethod,
  { method, body, responseBody }: HttpBinding,
  fieldPaths: readonly string[],
): Conditions {
  const isUnary = !proto.clientStreaming && !proto.serverStreaming;
  const hasTag = isUnary && TAGGED.has(method) && hasTagIn(output, responseBody);
  if (method === "GET" || method === "HEAD") {
    return hasTag
      ? { parameters: [IF_NONE_MATCH], headers: ETAG, responses: NOT_MODIFIED }
      : { parameters: [], headers: undefined, responses: {} };
  }
  // A request has its resource's tag itself, or in the resource: the body, or the message whose fields the path has.
  const resources = fieldPaths.map((path) => path.split(".").slice(0, -1).join("."));
  const isChecked = isUnary && ["", body, ...resources].some((inside) => hasTagIn(input, inside));
  return { parameters: isChecked ? [IF_MATCH] : [], headers: hasTag ? ETAG : undefined, responses: {} };
}

/** @param inside The path of a message in the other one; empty or `*` for that one itself. */
function hasTagIn(message: DescMessage, inside: string): boolean {
  const path = inside === "" || inside === "*" ? ETAG_FIELD : `${inside}.${ETAG_FIELD}`;
  const field = findField(message, path)?.at(-1);
  return field?.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
}
