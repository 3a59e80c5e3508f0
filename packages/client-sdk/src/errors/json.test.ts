import { ErrorInfo, RetryInfo, Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { expect, test } from "@jest/globals";
import { Metadata, Status } from "nice-grpc-common";
import { CallError } from "./call-error.js";

test("an error with every kind of detail can be sent as JSON", () => {
  const any = (name: string, value: Uint8Array) => ({
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value,
  });
  const info = { reason: "BUSY", domain: "shop", metadata: new Map([["__proto__", "data"]]) };
  const details = [
    any("ErrorInfo", ErrorInfo.encode(info).finish()),
    any("RetryInfo", RetryInfo.encode({ retryDelay: { seconds: 2n ** 40n, nanos: 5 } }).finish()),
    any("Other", Uint8Array.of(1, 2)),
  ];
  const status = RpcStatus.encode({ code: Status.UNAVAILABLE, message: "busy", details }).finish();
  const error = new CallError({
    code: Status.UNAVAILABLE,
    description: "busy",
    method: "shop.Shop/Buy",
    requestId: "r1",
    origin: "status",
    metadata: Metadata({ "grpc-status-details-bin": Buffer.from(status) }),
    cause: { bigint: 1n },
  });
  const expected = {
    errorInfo: { reason: "BUSY", domain: "shop", metadata: { ["__proto__"]: "data" } },
    retryInfo: { retryDelay: { seconds: "1099511627776", nanos: 5 } },
    unknown: [{ typeUrl: "type.googleapis.com/google.rpc.Other", value: "AQI=" }],
  };
  // What an application adds may be anything, too.
  Object.assign(error, { around: { error, bigint: 1n } });
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: {
      name: "CallError",
      message: "shop.Shop/Buy UNAVAILABLE: busy",
      code: Status.UNAVAILABLE,
      description: "busy",
      method: "shop.Shop/Buy",
      requestId: "r1",
      origin: "status",
      details: expected,
    },
  });
  expect(JSON.parse(JSON.stringify(error.details))).toEqual(expected);
});
