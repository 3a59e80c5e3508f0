import { expect, test } from "@jest/globals";
import { ClientError, Status } from "nice-grpc-common";
import { clientError } from "../internal/client-errors.js";
import { grpcJsOrigin } from "./grpc-js-origin.js";

test.each([
  [Status.INTERNAL, "Received RST_STREAM with code 0 (Call ended without gRPC status)", "reset"],
  [Status.INTERNAL, "Received RST_STREAM with code 2 (Internal server error)", "reset"],
  [Status.UNAVAILABLE, "Stream refused by server", "reset"],
  [Status.CANCELLED, "Call cancelled", "reset"],
  [Status.RESOURCE_EXHAUSTED, "Bandwidth exhausted or memory limit exceeded", "reset"],
  [Status.UNAVAILABLE, "Connection dropped", "connection"],
  [
    Status.UNAVAILABLE,
    "No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1",
    "connection",
  ],
  [Status.UNAVAILABLE, "Name resolution failed for target dns:nowhere:1", "connection"],
  [Status.UNAVAILABLE, "read ECONNRESET", "connection"],
  [Status.UNAVAILABLE, "the server is stopping", "status"],
  [Status.INTERNAL, "internal error", "status"],
  [Status.NOT_FOUND, "Connection dropped", "status"],
] as const)("code %d with the text %j came as %s", (code, details, origin) => {
  expect(grpcJsOrigin(new ClientError("/a.B/C", code, details))).toBe(origin);
});

test("what this side has made says so itself, and what is no status is local", () => {
  expect(grpcJsOrigin(clientError("/a.B/C", Status.UNAVAILABLE, "", "deadline"))).toBe("deadline");
  expect(grpcJsOrigin(new Error("Connection dropped"))).toBe("local");
  expect(grpcJsOrigin(undefined)).toBe("local");
});
