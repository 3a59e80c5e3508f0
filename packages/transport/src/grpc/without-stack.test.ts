import { ProtobufError } from "@callwire/protobuf";
import { expect, test } from "@jest/globals";
import { ServerError, Status } from "nice-grpc-common";
import { tooMuchKept } from "./message-source.js";
import { deserialize } from "./serialize.js";
import { peerError, withoutStack } from "./without-stack.js";

test("an error for a peer has its code and text, and no stack", () => {
  const error = peerError(Status.INTERNAL, "wrong");
  expect(error).toBeInstanceOf(ServerError);
  expect(error).toMatchObject({ code: Status.INTERNAL, details: "wrong" });
  expect(error.stack).not.toContain("\n    at ");
});

test("errors that are made after it have their stacks again, also if it throws", () => {
  const limit = Error.stackTraceLimit;
  expect(() =>
    withoutStack(() => {
      throw new TypeError("no");
    }),
  ).toThrow("no");
  expect(Error.stackTraceLimit).toBe(limit);
  expect(new Error("x").stack).toContain("\n    at ");
});

test("where stacks have no limit that can be set, errors are made as ever", () => {
  const limit = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")!;
  try {
    Object.defineProperty(Error, "stackTraceLimit", { ...limit, writable: false });
    expect(withoutStack(() => new Error("frozen")).message).toBe("frozen");
    Reflect.deleteProperty(Error, "stackTraceLimit");
    expect(withoutStack(() => new Error("gone")).message).toBe("gone");
    expect("stackTraceLimit" in Error).toBe(false);
  } finally {
    Object.defineProperty(Error, "stackTraceLimit", limit);
  }
});

test.each<[string, () => unknown]>([
  ["a message that cannot be decoded", () => deserialize({ decode: refuse } as never, Buffer.alloc(1))],
  ["too much that waits", () => void fail(tooMuchKept())],
])("%s makes an error without one", (_what, make) => {
  let error: unknown;
  try {
    make();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ServerError);
  expect((error as Error).stack).not.toContain("\n    at ");
});

function refuse(): never {
  throw new ProtobufError("wrong", 0);
}

function fail(error: unknown): never {
  throw error;
}
