import { expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { echoClient } from "../testing/echo-client.js";
import { failureOf } from "../testing/outcomes.js";
import { textOf } from "./call-errors.js";

const code = Object.assign(new Error(""), { code: "ECONNREFUSED" });

test.each<[unknown, string]>([
  [new Error("text"), "text"],
  ["text", "text"],
  [code, "ECONNREFUSED"],
  [Object.assign(new Error(""), { code: 14 }), "an error without a text"],
  [new AggregateError([new Error("one"), code]), "one; ECONNREFUSED"],
  [new AggregateError([]), "an error without a text"],
  [new Error(""), "an error without a text"],
  [undefined, "an error without a text"],
  [null, "an error without a text"],
  ["", "an error without a text"],
  [Object.create(null), "an error without a text"],
])("the text of what was thrown is never empty: %p", (thrown, expected) => {
  expect(textOf(thrown)).toBe(expected);
});

test.each([new Error(""), undefined])("a resolver that fails with %p", async (reason) => {
  using echo = echoClient("name", {
    resolver: {
      resolve(_, listener) {
        listener.onError(reason as Error);
        return { stop() {} };
      },
    },
  });
  expect(await failureOf(echo.client.echoUnary({ text: "a" }))).toMatchObject({
    code: Status.UNAVAILABLE,
    details: "No connection established. Last error: an error without a text",
  });
});
