import { describe, expect, test } from "@jest/globals";
import { BadRequest, ErrorInfo, Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { ClientError, Metadata, Status } from "nice-grpc-common";
import { CallError } from "./call-error.js";

const method = "users.UserService/GetUser";
const typeUrl = (name: string) => `type.googleapis.com/google.rpc.${name}`;

function trailers(details: RpcStatus["details"]): Metadata {
  const bytes = RpcStatus.encode({ code: Status.INVALID_ARGUMENT, message: "bad", details }).finish();
  return Metadata().set("grpc-status-details-bin", bytes);
}

const init = { code: Status.INVALID_ARGUMENT, description: "bad", method };

describe("CallError", () => {
  test("says method, code and text, and keeps each apart", () => {
    const error = new CallError({
      code: Status.NOT_FOUND,
      description: "no user 7",
      method,
      requestId: "r1",
    });
    expect(error.message).toBe("users.UserService/GetUser NOT_FOUND: no user 7");
    expect(error).toMatchObject({
      name: "CallError",
      code: 5,
      description: "no user 7",
      method,
      requestId: "r1",
    });
    expect(error.details).toEqual({ unknown: [] });
    expect("cause" in error).toBe(false);
  });

  test("decodes the details it knows and keeps the others", () => {
    const errorInfo = ErrorInfo.fromPartial({ reason: "BAD_AGE", domain: "users" });
    const badRequest = BadRequest.fromPartial({
      fieldViolations: [{ field: "age", description: "below 0" }],
    });
    const other = { typeUrl: "type.googleapis.com/acme.Other", value: Buffer.from([1, 2]) };
    const metadata = trailers([
      { typeUrl: typeUrl("ErrorInfo"), value: ErrorInfo.encode(errorInfo).finish() },
      { typeUrl: typeUrl("BadRequest"), value: BadRequest.encode(badRequest).finish() },
      other,
    ]);
    const { details } = new CallError({ ...init, metadata });
    expect(details.errorInfo).toEqual(errorInfo);
    expect(details.badRequest?.fieldViolations[0]).toMatchObject({ field: "age", description: "below 0" });
    expect(details.unknown).toHaveLength(1);
    expect(details.unknown[0]?.typeUrl).toBe(other.typeUrl);
  });

  test("is not hidden by a malformed trailer or a malformed detail", () => {
    const garbage = Metadata().set("grpc-status-details-bin", Buffer.from([0x1a, 0xff]));
    expect(new CallError({ ...init, metadata: garbage }).details).toEqual({ unknown: [] });
    const malformed = { typeUrl: typeUrl("ErrorInfo"), value: Buffer.from([0x0a, 0xff]) };
    const { details } = new CallError({ ...init, metadata: trailers([malformed]) });
    expect(details.errorInfo).toBeUndefined();
    expect(details.unknown).toHaveLength(1);
  });

  test("takes no detail for a property of every object", () => {
    const { details } = new CallError({
      ...init,
      metadata: trailers([{ typeUrl: "x/constructor", value: Buffer.of() }]),
    });
    expect(details.unknown).toHaveLength(1);
  });

  test("is known across copies of the package", async () => {
    const again = "./call-error.ts?copy";
    const copy = (await import(again)) as { CallError: typeof CallError };
    expect(copy.CallError).not.toBe(CallError);
    expect(new copy.CallError(init)).toBeInstanceOf(CallError);
    expect(new CallError(init)).toBeInstanceOf(copy.CallError);
  });

  test("is not what merely looks like one, and has subclasses of its own", () => {
    class Special extends CallError {}
    expect(new Error("x")).not.toBeInstanceOf(CallError);
    expect(null).not.toBeInstanceOf(CallError);
    expect(new CallError(init)).not.toBeInstanceOf(Special);
    expect(new Special(init)).toBeInstanceOf(Special);
    expect(new Special(init)).toBeInstanceOf(CallError);
  });
});

describe("CallError.from", () => {
  test("returns a CallError as it is", () => {
    const error = new CallError(init);
    expect(CallError.from(error, { method: "other/Method" })).toBe(error);
  });

  test("keeps the code and text of nice-grpc's ClientError", () => {
    const error = CallError.from(new ClientError("/a.B/C", Status.ABORTED, "lost"), {
      method: "a.B/C",
      requestId: "r",
    });
    expect(error).toMatchObject({
      code: Status.ABORTED,
      description: "lost",
      method: "a.B/C",
      requestId: "r",
    });
  });

  test("makes anything else UNKNOWN and keeps it as the cause", () => {
    const cause = new TypeError("oops");
    expect(CallError.from(cause, { method })).toMatchObject({
      code: Status.UNKNOWN,
      description: "oops",
      cause,
    });
    expect(CallError.from("text", { method })).toMatchObject({ description: "text", cause: "text" });
  });

  test.each([
    ["whose message throws", Object.defineProperty(new Error(), "message", { get: () => fail() })],
    ["without a prototype", Object.create(null)],
    ["that is a revoked proxy", revoked()],
    ["that is a symbol", Symbol("s")],
    ["that is undefined", undefined],
  ])("never throws, for a value %s neither", (_, thrown) => {
    const error = CallError.from(thrown, { method, origin: "local" });
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ code: Status.UNKNOWN, description: expect.any(String), origin: "local" });
  });

  test("keeps what a runtime noted of the origin, and a richer ClientError as the cause", () => {
    class Richer extends ClientError {
      override name = "Richer";
    }
    const richer = Object.assign(new Richer("/a.B/C", Status.ABORTED, "lost"), { origin: "reset" as const });
    expect(CallError.from(richer, { method })).toMatchObject({ origin: "reset", cause: richer });
    expect(CallError.from(richer, { method, origin: "status" }).origin).toBe("status");
    expect(CallError.from(new ClientError("/a.B/C", Status.ABORTED, ""), { method }).cause).toBeUndefined();
  });
});

function fail(): never {
  throw new Error("no message");
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
