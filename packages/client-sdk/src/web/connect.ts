import { Writer } from "@callwire/protobuf";
import { statusOfHttpStatus } from "@callwire/transport/seam";
import { Metadata, Status } from "nice-grpc-common";
import { addField, fromBase64 } from "./metadata.js";
import type { Ending, Protocol } from "./protocol.js";
import { canStreamRequests, requestStream } from "./request-body.js";
import type { WebProtocol } from "./web-protocol.js";

/** An error as Connect has it in JSON. What a server sends may be anything. */
interface ErrorJson {
  code?: unknown;
  message?: unknown;
  details?: { type: string; value: string }[];
}

const protocol: Protocol = {
  name: "Connect",
  mediaType: "application/connect+proto",
  bareType: "application/proto",
  endFlag: 2,
  fields: (timeoutMs) => ({
    "connect-protocol-version": "1",
    ...(timeoutMs < Infinity && {
      // At most 10 digits.
      "connect-timeout-ms": String(Math.min(timeoutMs, 1e10 - 1)),
    }),
  }),
  streamRequests: (source, encode, fail) =>
    canStreamRequests() ? requestStream(source, encode, fail) : undefined,
  readEnd(bytes) {
    const { error, metadata } = jsonOf(bytes) as {
      error?: ErrorJson | null;
      metadata?: Record<string, string[]> | null;
    };
    const trailer = Metadata();
    for (const [name, values] of Object.entries(metadata ?? {})) {
      for (const value of values) addField(trailer, name.toLowerCase(), value);
    }
    return error ? endingOf(error, trailer, Status.UNKNOWN) : { code: Status.OK, message: "", trailer };
  },
  readError(httpStatus, trailer, _, body) {
    if (httpStatus === 200) return undefined;
    try {
      return endingOf(jsonOf(body) as ErrorJson, trailer, statusOfHttpStatus(httpStatus));
    } catch {
      return undefined;
    }
  },
};

/**
 * Connect (connectrpc.com/docs/protocol): unary calls are plain HTTP, with their errors as JSON, which developer tools and proxies
 * understand. Requests can be streamed, where `fetch` does that.
 */
export const connect: WebProtocol = protocol;

function jsonOf(bytes: Uint8Array): unknown {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof value !== "object" || value === null) throw new Error("no object");
  return value;
}

/** @param unknown The status if `code` is none. */
function endingOf({ code, message, details }: ErrorJson, trailer: Metadata, unknown: Status): Ending {
  const name = code === "canceled" ? "CANCELLED" : String(code).toUpperCase();
  const found: unknown = Status[name as keyof typeof Status];
  // An error is never OK, which is 0.
  const status = typeof found === "number" ? found || unknown : unknown;
  const text = typeof message === "string" ? message : "";
  try {
    if (details !== undefined) trailer.set("grpc-status-details-bin", statusOf(status, text, details));
  } catch {
    // Details that are none must not hide the error.
  }
  return { code: status, message: text, trailer };
}

/** The details as the trailer of gRPC that has them: a google.rpc.Status. */
function statusOf(code: Status, message: string, details: NonNullable<ErrorJson["details"]>): Uint8Array {
  const writer = new Writer();
  writer.int32(0x08, code);
  writer.string(0x12, message);
  for (const { type, value } of details) {
    const any = writer.open(0x1a);
    writer.string(0x0a, `type.googleapis.com/${type}`);
    writer.bytes(0x12, fromBase64(value));
    writer.close(any);
  }
  return writer.finish();
}
