import { expect, test } from "@jest/globals";
import { HpackEncoder } from "../hpack/encoder.js";
import { responseFields } from "./response-writer.js";

test("a contract costs a response one byte, from the second on", () => {
  const out = Buffer.alloc(256);
  const lengths = ["1.4.0+08a35c68", undefined].map((contract) => {
    const encoder = new HpackEncoder();
    const { plain } = responseFields(contract);
    encoder.encode(plain, out, 0);
    return encoder.encode(plain, out, 0);
  });
  expect(lengths[0]).toBe(lengths[1]! + 1);
});

test("all services without a contract share their fields", () => {
  expect(responseFields(undefined)).toBe(responseFields(undefined));
});
