import { Writer } from "@callwire/protobuf";
import { statusOfHttpStatus } from "@callwire/transport/seam";
import { Metadata, Status } from "nice-grpc-common";
import { addField, fromBase64 } from "./metadata.js";
import type { Ending, Protocol } from "./protocol.js";

/** An error as Connect has it in JSON. What a server sends may be anything. */
interface ErrorJson {
  code?: unknown;
  message?: unknown;
  details?: { type: string; value: string }[];
}

/** Connect: plain HTTP for unary calls, envelopes for streams (connectrpc.com/docs/protocol). */
export const connect: Protocol = {
  mediaType: "application/connect+proto",
  bareType: "application/proto",
  streamsRequests: true,
  endFlag: 2,
  fields: (timeoutMs) => ({
    "connect-protocol-version": "1",
    ...(timeoutMs !== undefined && {
      // At most 10 digits.
      "connect-timeout-ms": String(Math.min(timeoutMs, 1e10 - 1)),
    }),
  }),
  readEnd(bytes) {
    const { error, metadata } = jsonOf(bytes) as {
      error?: ErrorJson | null;
      metadata?: Record<string, string[]> | null;
    };
    const trailer = Metadata();
    for (const [name, values] of Object.entries(metadata ?? {})) {
      for (const value of values) addField(trailer, name.toLowerCase(), value);
    }
    return error === undefined || error === null
      ? { code: Status.OK, message: "", trailer }
      : endingOf(error, trailer, Status.UNKNOWN);
  },
  readError(httpStatus, trailer, fields, body) {
    if (httpStatus === 200 || !/^application\/json/i.test(fields.get("content-type") ?? "")) return undefined;
    try {
      return endingOf(jsonOf(body) as ErrorJson, trailer, statusOfHttpStatus(httpStatus));
    } catch {
      return undefined;
    }
  },
};

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
