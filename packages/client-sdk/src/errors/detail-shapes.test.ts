// The tables are those of the contract: each message is read as its generated code reads it.
import * as rpc from "@callwire/contracts/google/rpc";
import { expect, test } from "@jest/globals";
import { decoded, details, status } from "./detail-shapes.js";

const metadata = new Map([
  ["a", "b"],
  ["__proto__", ""],
]);
const localizedMessage = { locale: "de", message: "ü" };
const samples: Record<string, object> = {
  ErrorInfo: { reason: "A", domain: "b", metadata },
  BadRequest: {
    fieldViolations: [{ field: "a", description: "b", reason: "C", localizedMessage }, { field: "d" }],
  },
  ResourceInfo: { resourceType: "a", resourceName: "b", owner: "c", description: "d" },
  RetryInfo: { retryDelay: { seconds: -(2n ** 40n), nanos: -5 } },
  PreconditionFailure: { violations: [{ type: "a", subject: "b", description: "c" }] },
  QuotaFailure: {
    violations: [
      { subject: "a", description: "b", apiService: "c", quotaMetric: "d", quotaId: "e" },
      { quotaDimensions: metadata, quotaValue: 2n ** 62n, futureQuotaValue: 0n },
    ],
  },
  Help: { links: [{ description: "a", url: "b" }] },
  LocalizedMessage: localizedMessage,
  DebugInfo: { stackEntries: ["a", ""], detail: "b" },
  RequestInfo: { requestId: "a", servingData: "b" },
};

interface AnyType {
  fromPartial(object: object): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

test("there is a table for each message", () => {
  const names = Object.keys(details).map((name) => name[0]!.toUpperCase() + name.slice(1));
  const types = Object.keys(rpc).filter((name) => !/_|^Status$/.test(name));
  expect(names.toSorted()).toEqual(types.toSorted());
  expect(Object.keys(samples).toSorted()).toEqual(types.toSorted());
});

test.each(Object.keys(samples))("%s", (name) => {
  const type = (rpc as unknown as Record<string, AnyType>)[name]!;
  const shape = details[name[0]!.toLowerCase() + name.slice(1)]!;
  for (const sample of [samples[name]!, {}]) {
    const bytes = type.encode(type.fromPartial(sample)).finish();
    expect(decoded(shape, bytes)).toEqual(type.decode(bytes));
    // Twice, as fields that come again are merged; and with a field that nobody knows.
    const twice = Uint8Array.of(...bytes, ...bytes, 0xf8, 0x7f, 0x01);
    expect(decoded(shape, twice)).toEqual(type.decode(twice));
  }
});

test("Status", () => {
  const message = { code: 5, message: "a", details: [{ typeUrl: "b", value: Uint8Array.of(1) }] };
  expect(decoded(status, rpc.Status.encode(message).finish())).toEqual(message);
});

test.each([[0x0a], [0x0a, 5, 1], [0x0a, 1, 0xff], [0x00, 0x00], [0x0c]])(
  "bytes that are none: %p",
  (...bytes) => {
    expect(() => decoded(details["errorInfo"]!, Uint8Array.from(bytes))).toThrow();
    expect(() => rpc.ErrorInfo.decode(Uint8Array.from(bytes))).toThrow();
  },
);
