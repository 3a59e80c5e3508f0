import type { JsonObject } from "./schema.js";

// Errors as @callwire/edge sends them: google.rpc.Status by AIP-193, or a problem of RFC 9457 by `Accept`.

/** The response of an operation that fails. */
export const ERROR_RESPONSE: JsonObject = { $ref: "#/components/responses/Error" };

const details: JsonObject = {
  type: "array",
  description: "More about it, as messages of `google.rpc`: ErrorInfo, BadRequest and others.",
  items: {
    type: "object",
    properties: { "@type": { type: "string" } },
    required: ["@type"],
    additionalProperties: true,
  },
};
const code: JsonObject = {
  type: "string",
  description: "The name of the gRPC code.",
  examples: ["NOT_FOUND"],
};
const httpStatus: JsonObject = { type: "integer", description: "The HTTP status.", examples: [404] };
const message: JsonObject = { type: "string", description: "What is wrong, for a developer to read." };

const errorInfo = {
  "@type": "type.googleapis.com/google.rpc.ErrorInfo",
  reason: "INVALID_FIELDS",
  domain: "example.Service",
};
const badRequest = {
  "@type": "type.googleapis.com/google.rpc.BadRequest",
  fieldViolations: [{ field: "age", description: 'not an int32: "x"' }],
};
const said = 'age: not an int32: "x"';

/** The schemas of errors. No type of a contract has a hyphen in its name. */
export const errorSchemas: JsonObject = {
  "edge-error": {
    type: "object",
    description: "A google.rpc.Status, as AIP-193 has it.",
    required: ["error"],
    properties: {
      error: {
        type: "object",
        required: ["code", "message", "status"],
        properties: { code: httpStatus, message, status: code, details },
      },
    },
  },
  "edge-problem": {
    type: "object",
    description: "A problem, as RFC 9457 has it, with the parts of google.rpc.Status beside.",
    required: ["type", "title", "status", "detail", "code"],
    properties: {
      type: { type: "string", examples: ["about:blank"] },
      title: { type: "string", examples: ["Not Found"] },
      status: httpStatus,
      detail: message,
      code,
      details,
    },
  },
};

/** The component that {@link ERROR_RESPONSE} refers to. */
export const errorResponses: JsonObject = {
  Error: {
    description:
      "The call failed, or the request was refused. `accept: application/problem+json` asks for a problem of RFC 9457.",
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/edge-error" },
        example: {
          error: { code: 400, message: said, status: "INVALID_ARGUMENT", details: [errorInfo, badRequest] },
        },
      },
      "application/problem+json": {
        schema: { $ref: "#/components/schemas/edge-problem" },
        example: {
          type: "about:blank",
          title: "Bad Request",
          status: 400,
          detail: said,
          code: "INVALID_ARGUMENT",
          details: [errorInfo, badRequest],
        },
      },
    },
  },
};
