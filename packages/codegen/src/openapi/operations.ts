import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { HttpBinding } from "../http-rules.js";
import { commentOf, markdown, splitSummary } from "./comments.js";
import { conditionsOf } from "./conditions.js";
import { ERROR_RESPONSE } from "./errors.js";
import { openApiPath, type PathParameter } from "./path-template.js";
import { queryParameters } from "./query-parameters.js";
import { stated, type JsonObject, type Schema } from "./schema.js";
import type { FieldNotes, Schemas } from "./schemas.js";
import { isWellKnown } from "./well-known-schemas.js";

/** The HTTP methods that OpenAPI 3.1 knows (Path Item Object). */
const METHODS = new Set(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]);

/** The field by which the edge lets a stream go on where it was broken off, unless its option `resumeField` says otherwise. */
const RESUME_FIELD = "resume_token";

const JSON_TYPE = "application/json";
const NDJSON = "application/x-ndjson";

/** An operation, and where it is. */
export interface Operation {
  /** The path, with the names of its parameters in braces. */
  readonly path: string;
  /** In lower case. */
  readonly method: string;
  readonly operation: JsonObject;
}

/**
 * The operation of a rule; undefined for an HTTP method that OpenAPI 3.1 does not know.
 *
 * @param id The operation's own name.
 * @throws {Error} that says what is wrong with the rule.
 */
export function operationOf(
  method: DescMethod,
  binding: HttpBinding,
  id: string,
  tag: string,
  schemas: Schemas,
): Operation | undefined {
  if (!METHODS.has(binding.method)) return undefined;
  const { input } = method;
  const { path, parameters, fieldPaths } = openApiPath(binding.path, input);
  const isWhole = binding.body === "*";
  const taken = new Set(isWhole ? fieldPaths : [...fieldPaths, binding.body]);
  const { summary, rest } = splitSummary(commentOf(method));
  const conditions = conditionsOf(method, binding, fieldPaths);
  const operation = {
    tags: [tag],
    summary: summary || wordsOf(method.name),
    ...stated({ description: markdown(rest) }),
    operationId: id,
    ...((method.deprecated || method.parent.deprecated) && { deprecated: true }),
    ...stated({
      parameters: [
        ...parameters.map((parameter) => pathParameter(parameter, schemas)),
        ...(isWhole ? [] : queryParameters(input, taken, schemas)),
        ...(canResume(method) ? [LAST_EVENT_ID] : []),
        ...conditions.parameters,
      ],
      requestBody: requestBody(method, binding, fieldPaths, schemas),
    }),
    responses: {
      "200": { ...response(method, binding, schemas), ...stated({ headers: conditions.headers }) },
      ...conditions.responses,
      "4XX": ERROR_RESPONSE,
      "5XX": ERROR_RESPONSE,
    },
  };
  return { path, method: binding.method.toLowerCase(), operation };
}

/** `GetUser` as words: what there is to say of a method without a comment. */
function wordsOf(name: string): string {
  const words = name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, " ").split(/[ _]+/);
  return words.map((word, index) => (index === 0 ? word : word.toLowerCase())).join(" ");
}

function pathParameter({ name, field, pattern, isMany }: PathParameter, schemas: Schemas): JsonObject {
  const about: FieldNotes = field === undefined ? {} : schemas.about(field);
  const paragraphs = [
    about.description ?? "",
    pattern === undefined ? "" : `A part of \`${pattern}\`, which is the whole value.`,
    isMany ? "Any number of segments: a slash in it stays a slash." : "",
  ];
  const isPart = field === undefined || pattern !== undefined || isMany;
  return {
    name,
    in: "path",
    required: true,
    ...about,
    ...stated({ description: paragraphs.filter((paragraph) => paragraph !== "").join("\n\n") }),
    schema: isPart ? { type: "string" } : schemas.valueWithExample(field),
  };
}

/** What a body is: a message, or the field that is sent in its place. */
interface Body {
  readonly schema: Schema;
  /** True for bytes that are sent as they are, with a type of their own (google/api/httpbody.proto). */
  readonly isRaw: boolean;
}

/** @param name The field; `*` or empty for the whole message. @param left The fields that are not in it. */
function bodyOf(
  message: DescMessage,
  name: string,
  what: string,
  left: ReadonlySet<string>,
  schemas: Schemas,
): Body {
  if (name === "" || name === "*") {
    const isRaw = isHttpBody(message);
    // One that is a value of its own in JSON has all of it there.
    const hasLess = !isWellKnown(message.typeName) && message.fields.some((field) => left.has(field.name));
    return { schema: isRaw ? {} : hasLess ? schemas.message(message, left) : schemas.of(message), isRaw };
  }
  const field = message.fields.find((each) => each.name === name || each.jsonName === name);
  if (field === undefined) {
    // http.proto: "the referred field must be present at the top-level".
    const why = name.includes(".") ? `: a ${what} is a field of the message itself` : "";
    throw new Error(`has the ${what} ${name}, which is no field of ${message.typeName}${why}`);
  }
  const isRaw = field.fieldKind === "message" && isHttpBody(field.message);
  return { schema: isRaw ? {} : schemas.valueWithExample(field), isRaw };
}

function isHttpBody({ typeName }: DescMessage): boolean {
  return typeName === "google.api.HttpBody";
}

function requestBody(
  { input, proto }: DescMethod,
  { body }: HttpBinding,
  fieldPaths: readonly string[],
  schemas: Schemas,
): JsonObject | undefined {
  if (body === "") return undefined;
  const left = new Set(fieldPaths);
  const { schema, isRaw } = bodyOf(input, body, "body", left, schemas);
  const isStream = proto.clientStreaming;
  return {
    ...(isStream && { description: "A line of JSON for each message." }),
    content: { [isStream ? NDJSON : isRaw ? "*/*" : JSON_TYPE]: { schema } },
    // Without a body, its fields have their defaults.
    ...(input.fields.some(({ name }) => !left.has(name)) && { required: true }),
  };
}

const STREAM = `A stream of messages.

By default it is NDJSON: a line of JSON for each message. If the call fails after the first one, the last line is an object whose only key is \`error\`.

By \`accept: text/event-stream\` it is Server-Sent Events: an event for each message, then an event \`end\`, or \`error\` with the error.`;

function response(
  { output, proto }: DescMethod,
  { responseBody }: HttpBinding,
  schemas: Schemas,
): JsonObject {
  const { schema, isRaw } = bodyOf(output, responseBody, "response_body", new Set(), schemas);
  const { summary } = splitSummary(commentOf(output));
  const isStream = proto.serverStreaming && !isRaw;
  return {
    description: isStream ? STREAM : markdown(summary) || output.name,
    content: isStream
      ? { [NDJSON]: { schema }, "text/event-stream": { schema: { type: "string" } } }
      : { [isRaw ? "*/*" : JSON_TYPE]: { schema } },
  };
}

/** The WHATWG's header of a client that comes back to a stream of events. */
const LAST_EVENT_ID: JsonObject = {
  name: "last-event-id",
  in: "header",
  description: `The \`id\` of the last event: the stream goes on behind it. It is the request's \`${RESUME_FIELD}\`.`,
  schema: { type: "string" },
};

function canResume({ input, output, proto }: DescMethod): boolean {
  const hasField = ({ fields }: DescMessage) => fields.some(({ name }) => name === RESUME_FIELD);
  return proto.serverStreaming && !proto.clientStreaming && hasField(input) && hasField(output);
}
