import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { Status } from "nice-grpc-common";
import { ErrorCode } from "../http2/errors.js";
import {
  decodeStatusMessage,
  encodeStatusMessage,
  MAX_STATUS_MESSAGE_BYTES,
  parseStatus,
  statusOfErrorCode,
  statusOfHttpStatus,
} from "./status.js";

// The tables of gRPC over HTTP/2, "Errors", and of http-grpc-status-mapping.

test.each([
  ["NO_ERROR", Status.INTERNAL],
  ["PROTOCOL_ERROR", Status.INTERNAL],
  ["INTERNAL_ERROR", Status.INTERNAL],
  ["FLOW_CONTROL_ERROR", Status.INTERNAL],
  ["SETTINGS_TIMEOUT", Status.INTERNAL],
  ["FRAME_SIZE_ERROR", Status.INTERNAL],
  ["REFUSED_STREAM", Status.UNAVAILABLE],
  ["CANCEL", Status.CANCELLED],
  ["COMPRESSION_ERROR", Status.INTERNAL],
  ["CONNECT_ERROR", Status.INTERNAL],
  ["ENHANCE_YOUR_CALM", Status.RESOURCE_EXHAUSTED],
  ["INADEQUATE_SECURITY", Status.PERMISSION_DENIED],
] as const)("RST_STREAM with %s", (name, status) => {
  expect(statusOfErrorCode(ErrorCode[name])).toBe(status);
});

test.each([
  [400, Status.INTERNAL],
  [401, Status.UNAUTHENTICATED],
  [403, Status.PERMISSION_DENIED],
  [404, Status.UNIMPLEMENTED],
  [429, Status.UNAVAILABLE],
  [502, Status.UNAVAILABLE],
  [503, Status.UNAVAILABLE],
  [504, Status.UNAVAILABLE],
  [302, Status.UNKNOWN],
  [500, Status.UNKNOWN],
])("HTTP status %s", (httpStatus, status) => {
  expect(statusOfHttpStatus(httpStatus)).toBe(status);
});

test.each([
  ["0", Status.OK],
  ["5", Status.NOT_FOUND],
  ["05", Status.NOT_FOUND],
  ["16", Status.UNAUTHENTICATED],
  ["17", Status.UNKNOWN],
  ["-1", Status.UNKNOWN],
  ["1e1", Status.UNKNOWN],
  ["OK", Status.UNKNOWN],
  ["", Status.UNKNOWN],
])("grpc-status %j", (value, status) => {
  expect(parseStatus(value)).toBe(status);
});

describe("grpc-message", () => {
  test.each([
    ["not found", "not found"],
    ["100%", "100%25"],
    ["one\ntwo", "one%0Atwo"],
    ["naïve €", "na%C3%AFve %E2%82%AC"],
    [" a b ", "%20a b%20"],
    ["  ", "%20%20"],
    [" ", "%20"],
    ["\ta\n", "%09a%0A"],
    ["50% ", "50%25%20"],
  ])("%j", (message, value) => {
    expect(encodeStatusMessage(message)).toBe(value);
    expect(decodeStatusMessage(value)).toBe(message);
  });

  test("any text that is not too long comes back as it was, in printable ASCII", () => {
    // Not the unit "binary", which makes a table of all characters first.
    const unit = fc
      .oneof(fc.nat({ max: 0x7f }), fc.nat({ max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
      .map((point) => String.fromCodePoint(point));
    const text = fc.string({ unit, maxLength: 500 });
    fc.assert(
      fc.property(text, (message) => {
        const value = encodeStatusMessage(message);
        expect(value).toMatch(/^[ -~]*$/);
        expect(value).toBe(value.trim());
        expect(decodeStatusMessage(value)).toBe(message);
      }),
    );
  });

  test.each(["50%", "%zz", "a%2", "%E2%82"])("%j, which is not well encoded, is not lost", (value) => {
    expect(decodeStatusMessage(value).length).toBeGreaterThan(0);
    expect(decodeStatusMessage(`kept ${value}`)).toMatch(/^kept /);
  });

  test("a message that is cut does not end with a space", () => {
    const value = encodeStatusMessage(`${"x".repeat(MAX_STATUS_MESSAGE_BYTES - 3)}    end`);
    expect(value).toBe(value.trim());
    expect(value).toMatch(/x$/);
  });

  test.each(["x", "%", "€"])("a message of very many %s is cut, and not inside an escape", (unit) => {
    const value = encodeStatusMessage(unit.repeat(MAX_STATUS_MESSAGE_BYTES + 1));
    expect(value.length).toBeGreaterThan(MAX_STATUS_MESSAGE_BYTES - 3);
    expect(value.length).toBeLessThanOrEqual(MAX_STATUS_MESSAGE_BYTES);
    expect(value).not.toMatch(/%.?$/);
  });
});
