import { expect, test } from "@jest/globals";
import { Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { ServerError, Status } from "nice-grpc-common";
import { decodeDetails } from "../test-room/errors.js";
import * as factories from "./factories.js";
import { ServiceError } from "./service-error.js";
import {
  encodeStatus,
  MAX_STATUS_DETAILS_BYTES,
  MAX_STATUS_MESSAGE_BYTES,
  sendableMessage,
} from "./status-details.js";
import { toServerError } from "./to-server-error.js";

const resource = { resource: "users.User", id: "7" };
const violations = [{ field: "email", description: "is not an address" }];

test.each([
  [
    "invalidArgument",
    factories.invalidArgument({ violations }),
    Status.INVALID_ARGUMENT,
    "INVALID_FIELDS",
    "BadRequest",
  ],
  ["notFound", factories.notFound(resource), Status.NOT_FOUND, "RESOURCE_NOT_FOUND", "ResourceInfo"],
  [
    "alreadyExists",
    factories.alreadyExists(resource),
    Status.ALREADY_EXISTS,
    "RESOURCE_ALREADY_EXISTS",
    "ResourceInfo",
  ],
  [
    "failedPrecondition",
    factories.failedPrecondition({ violations: [{ type: "EMPTY", subject: "x", description: "has rows" }] }),
    Status.FAILED_PRECONDITION,
    "PRECONDITION_FAILED",
    "PreconditionFailure",
  ],
  ["aborted", factories.aborted(resource), Status.ABORTED, "CONCURRENT_CHANGE", "ResourceInfo"],
  [
    "outOfRange",
    factories.outOfRange({ message: "too old" }),
    Status.OUT_OF_RANGE,
    "OUT_OF_RANGE",
    undefined,
  ],
  [
    "resourceExhausted",
    factories.resourceExhausted({
      message: "slow down",
      violations: [{ subject: "ip", description: "calls" }],
    }),
    Status.RESOURCE_EXHAUSTED,
    "RESOURCE_EXHAUSTED",
    "QuotaFailure",
  ],
  [
    "unavailable",
    factories.unavailable({ retryAfterMs: 1500 }),
    Status.UNAVAILABLE,
    "SERVICE_UNAVAILABLE",
    "RetryInfo",
  ],
  ["unauthenticated", factories.unauthenticated(), Status.UNAUTHENTICATED, "CREDENTIALS_INVALID", undefined],
  [
    "permissionDenied",
    factories.permissionDenied(),
    Status.PERMISSION_DENIED,
    "PERMISSION_DENIED",
    undefined,
  ],
  ["unimplemented", factories.unimplemented(), Status.UNIMPLEMENTED, "UNIMPLEMENTED", undefined],
])("%s carries its code, reason and details", (_name, error, code, reason, detail) => {
  expect(error.code).toBe(code);
  const status = RpcStatus.decode(encodeStatus(error, "test.Service"));
  expect(status).toMatchObject({ code, message: error.details });
  const { ErrorInfo, ...others } = decodeDetails(encodeStatus(error, "test.Service"));
  expect(ErrorInfo).toMatchObject({ reason, domain: "test.Service" });
  expect(Object.keys(others)).toEqual(detail ? [detail] : []);
});

test("writes what was given into the details", () => {
  const options = { message: "m", reason: "MINE", metadata: { limit: "3" } };
  const bad = decodeDetails(encodeStatus(factories.invalidArgument({ violations, ...options }), "d"));
  expect(bad.BadRequest?.fieldViolations).toEqual([expect.objectContaining({ ...violations[0] })]);
  expect(bad.ErrorInfo?.reason).toBe("MINE");
  expect(Object.fromEntries(bad.ErrorInfo?.metadata ?? [])).toEqual({ limit: "3" });
  const missing = decodeDetails(encodeStatus(factories.notFound(resource), "d"));
  expect(missing.ResourceInfo).toMatchObject({ resourceType: "users.User", resourceName: "7" });
});

test.each([
  [1500, { seconds: 1n, nanos: 500_000_000 }],
  [999.9, { seconds: 1n, nanos: 0 }],
  [-5, { seconds: 0n, nanos: 0 }],
  [1e300, { seconds: 315_576_000_000n, nanos: 0 }],
])("a retry after %p ms is a valid duration", (retryAfterMs, duration) => {
  const { RetryInfo } = decodeDetails(encodeStatus(factories.unavailable({ retryAfterMs }), "d"));
  expect(RetryInfo?.retryDelay).toMatchObject(duration);
});

test.each([Number.NaN, Infinity])("a retry after %p ms is none", (retryAfterMs) => {
  expect(decodeDetails(encodeStatus(factories.unavailable({ retryAfterMs }), "d")).RetryInfo).toBeUndefined();
});

test("gives an error of plain nice-grpc an ErrorInfo", () => {
  const { ErrorInfo } = decodeDetails(encodeStatus(new ServerError(Status.DATA_LOSS, "gone"), "d"));
  expect(ErrorInfo).toMatchObject({ reason: "DATA_LOSS", domain: "d" });
});

test("a status too large keeps its ErrorInfo and as many violations as fit", () => {
  const many = Array.from({ length: 500 }, (_, row) => ({
    field: `rows[${row}]`,
    description: "must not be empty",
  }));
  const status = encodeStatus(factories.invalidArgument({ violations: many }), "d");
  expect(status.length).toBeLessThanOrEqual(MAX_STATUS_DETAILS_BYTES);
  const { ErrorInfo, BadRequest } = decodeDetails(status);
  expect(ErrorInfo?.reason).toBe("INVALID_FIELDS");
  expect(BadRequest?.fieldViolations.length).toBeGreaterThan(30);
  expect(BadRequest?.fieldViolations[0]).toMatchObject(many[0]!);
});

test("an ErrorInfo too large keeps its reason, and other details that fit stay", () => {
  const metadata = { huge: "x".repeat(MAX_STATUS_DETAILS_BYTES) };
  const status = encodeStatus(factories.notFound({ ...resource, metadata }), "d");
  expect(status.length).toBeLessThanOrEqual(MAX_STATUS_DETAILS_BYTES);
  const { ErrorInfo, ResourceInfo } = decodeDetails(status);
  expect(ErrorInfo).toMatchObject({ reason: "RESOURCE_NOT_FOUND", metadata: new Map() });
  expect(ResourceInfo?.resourceName).toBe("7");
});

test("a message that cannot be sent is made one that can", () => {
  expect(sendableMessage("fine: 100 % ü\n")).toBe("fine: 100 % ü\n");
  expect(sendableMessage("\ud800x")).toBe("\ufffdx");
  const long = sendableMessage("ü".repeat(10_000));
  expect(encodeURI(long).length).toBeLessThanOrEqual(MAX_STATUS_MESSAGE_BYTES);
  expect(long).toMatch(/^ü{100,}…$/);
});

test("what was not made on purpose becomes INTERNAL and keeps its cause", () => {
  for (const thrown of [
    new Error("secret"),
    "text",
    undefined,
    null,
    new ServerError(Status.OK, "ok"),
    new ServerError(99 as Status, "odd"),
    new ServerError("NOT_FOUND" as unknown as Status, "a name"),
    new ServerError("5" as unknown as Status, "a number in a text"),
  ]) {
    const error = toServerError(thrown);
    expect(error).toMatchObject({ code: Status.INTERNAL, details: "internal error" });
    expect(error.cause).toBe(thrown);
  }
  const meant = new ServerError(Status.ABORTED, "again");
  expect(toServerError(meant)).toBe(meant);
});

test("instanceof knows an error of another copy of the module, and tells subclasses apart", async () => {
  // In a variable: the compiler knows no file of that name.
  const secondCopy: string = "./service-error.ts?copy=2";
  const copy: typeof import("./service-error.js") = await import(secondCopy);
  expect(copy.ServiceError).not.toBe(ServiceError);
  const options = { code: Status.ABORTED, message: "m", reason: "R" };
  expect(new copy.ServiceError(options)).toBeInstanceOf(ServiceError);
  expect(toServerError(new copy.ServiceError(options))).toBeInstanceOf(copy.ServiceError);
  class QuotaError extends ServiceError {}
  expect(new QuotaError(options)).toBeInstanceOf(QuotaError);
  expect(new QuotaError(options)).toBeInstanceOf(ServiceError);
  expect(new ServiceError(options)).not.toBeInstanceOf(QuotaError);
  expect(new Error("x")).not.toBeInstanceOf(ServiceError);
});
