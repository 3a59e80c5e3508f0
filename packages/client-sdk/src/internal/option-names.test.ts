import { expect, test } from "@jest/globals";
import { checkOptionNames } from "./option-names.js";

const known = ["timeoutMs", "stallTimeoutMs", "retry", "tls"];

test.each([
  ["timeoutMS", "timeoutMs"],
  ["timeout", "timeoutMs"],
  ["retries", "retry"],
  ["ssl", "tls"],
])("%s is refused, and %s is named", (name, nearest) => {
  expect(() => checkOptionNames("createClient", { [name]: 1 }, known)).toThrow(
    `createClient has no option "${name}": the nearest is "${nearest}"`,
  );
  expect(() => checkOptionNames("createClient", { [name]: 1 }, known)).toThrow(TypeError);
});

test("known names pass, whatever their values", () => {
  expect(() => checkOptionNames("createClient", { timeoutMs: undefined, tls: true }, known)).not.toThrow();
});
