import { inspect } from "node:util";
import {
  BadRequest,
  ErrorInfo,
  LocalizedMessage,
  QuotaFailure,
  RetryInfo,
  Status as RpcStatus,
} from "@callwire/contracts/google/rpc";
import { mustHold, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { Metadata, Status } from "nice-grpc-common";
import { CallError } from "../../errors/call-error.js";

const TYPES = [
  "ErrorInfo",
  "BadRequest",
  "ResourceInfo",
  "RetryInfo",
  "PreconditionFailure",
  "QuotaFailure",
  "Help",
  "LocalizedMessage",
  "DebugInfo",
  "RequestInfo",
];

/** The details of an error, as a server sends them: what is malformed never hides the error itself. */
export const errorDetails: FuzzTarget = {
  name: "error-details",
  about: "grpc-status-details-bin, into the error that a caller gets",
  covers: ["/errors/"],
  maxBytes: 1024,
  seeds: () => [
    statusOf(
      "ErrorInfo",
      ErrorInfo.encode({ reason: "A", domain: "b", metadata: new Map([["c", "d"]]) }).finish(),
    ),
    statusOf(
      "BadRequest",
      BadRequest.encode(
        BadRequest.fromPartial({ fieldViolations: [{ field: "a", description: "b" }] }),
      ).finish(),
    ),
    statusOf("RetryInfo", RetryInfo.encode(RetryInfo.fromPartial({ retryDelay: { nanos: 5 } })).finish()),
    statusOf(
      "QuotaFailure",
      QuotaFailure.encode(QuotaFailure.fromPartial({ violations: [{ subject: "a" }] })).finish(),
    ),
    statusOf("LocalizedMessage", LocalizedMessage.encode({ locale: "de", message: "é" }).finish()),
    statusOf("Unknown", Buffer.of(1)),
  ],
  dictionary: TYPES.map((type) => `type.googleapis.com/google.rpc.${type}`),
  maxSteps: { base: 2000, perByte: 50 },
  open: () => ({ run: readDetails }),
};

function statusOf(type: string, value: Uint8Array): Uint8Array {
  const details = [{ typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) }];
  return RpcStatus.encode({ code: 3, message: "no", details }).finish();
}

function readDetails(input: Buffer): void {
  const metadata = Metadata().set("grpc-status-details-bin", input);
  const error = new CallError({ code: Status.INTERNAL, description: "no", method: "a.B/C", metadata });
  mustHold(error.code === Status.INTERNAL && error.description === "no", "the error is another one");
  mustHold(Array.isArray(error.details.unknown), "the details have no list");
  mustHold(inspect(error).includes("a.B/C"), "the error cannot be printed");
}
