import { expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { invalidArgument, notFound, outOfRange, resourceExhausted, unavailable } from "./factories.js";

/** The factories as JavaScript's callers see them. */
const make = { invalidArgument, notFound, outOfRange, resourceExhausted, unavailable } as unknown as Record<
  string,
  (...args: unknown[]) => unknown
>;

test.each([
  ["notFound", "user 1", "notFound takes an object of options, and was given a text"],
  ["notFound", undefined, "notFound takes an object of options, and was given undefined"],
  ["notFound", { resource: "a.B" }, "notFound: the option 'id' is missing: it must be the id of a resource"],
  ["notFound", { resource: "a.B", id: 5 }, "notFound: id is 5: it must be the id of a resource, as a text"],
  ["notFound", { resuorce: "a.B", id: "5" }, "notFound has no option 'resuorce'; did you mean 'resource'?"],
  ["invalidArgument", "bad", "invalidArgument takes an object of options"],
  [
    "invalidArgument",
    { violations: "name" },
    'violations is "name": it must be an array of { field, description }',
  ],
  [
    "invalidArgument",
    { violations: ["name"] },
    "violations is an array: it must be an array of { field, description }",
  ],
  ["outOfRange", { mesage: "far" }, "outOfRange has no option 'mesage'; did you mean 'message'?"],
  [
    "resourceExhausted",
    { message: "full", metadata: { limit: 5 } },
    "metadata is an object: it must be an object of texts",
  ],
  ["unavailable", { retryAfterMs: "5s" }, 'retryAfterMs is "5s": it must be a number of milliseconds'],
  ["unavailable", new Date(0).getTime(), "unavailable takes an object of options, and was given 0"],
])("%s of %j says what is wrong", (name, options, message) => {
  expect(() => make[name]!(options)).toThrow(message);
});

test("a right error may be made of an object with more in it", () => {
  const user = { id: "1", resource: "users.User", name: "Ada" };
  expect(notFound(user)).toMatchObject({ code: Status.NOT_FOUND, details: "users.User '1' does not exist" });
});
