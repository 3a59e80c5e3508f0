import { describe, expect, it } from "@jest/globals";
import { flatJsonWriter, jsonBody } from "./json-text.js";

describe("flatJsonWriter", () => {
  const write = flatJsonWriter((name) => (name === "token" ? "[redacted]" : undefined));

  it("writes an object again that may have changed", () => {
    const fields: Record<string, unknown> = { a: 1, token: "s" };
    expect(write(fields)).toBe(`,"a":1,"token":"[redacted]"`);
    fields["a"] = "b";
    expect(write(fields)).toBe(`,"a":"b","token":"[redacted]"`);
  });

  it("writes one that is frozen as any other, each time", () => {
    const first = Object.freeze({ a: 1 });
    const second = Object.freeze({ a: true, b: undefined });
    const odd = Object.freeze({ a: {} });
    for (const fields of [first, first, second, { a: 2 }, second, odd, odd, first]) {
      const { a } = fields as { a: number | boolean | object };
      expect(write(fields)).toBe(typeof a === "object" ? undefined : `,"a":${JSON.stringify(a)}`);
    }
  });
});

it("jsonBody is a text's JSON without the quotation marks", () => {
  for (const text of ["", "plain", `"`, "a\\b", "\n", "ü"]) {
    expect(`"${jsonBody(text)}"`).toBe(JSON.stringify(text));
  }
});
