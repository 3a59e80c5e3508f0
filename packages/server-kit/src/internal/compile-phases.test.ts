import { expect, test } from "@jest/globals";
import type { ServerCallContext } from "@callwire/transport";
import { ServerError, Status } from "nice-grpc-common";
import type { Middleware } from "../middleware.js";
import { compileMethod } from "./compile-method.js";

const method = { path: "/test.Service/Get", requestStream: false, responseStream: false, options: {} };
const denied = new ServerError(Status.PERMISSION_DENIED, "no");
/** A call as far as these tests need one. */
const newCall = () => ({}) as ServerCallContext;
const compile = (...list: Middleware[]) => compileMethod(list, method).phases;

/** A middleware that says what it is told. */
function recorder(name: string, told: string[], phases: Partial<Middleware> = {}): Middleware {
  return {
    name,
    arrived: () => void told.push(`${name} arrived`),
    failed(thrown) {
      told.push(`${name} failed`);
      return thrown;
    },
    ended: (_call, code) => void told.push(`${name} ended ${Status[code]}`),
    ...phases,
  };
}

test("has only the phases that somebody has", () => {
  expect(Object.keys(compile())).toEqual(["lazy"]);
  expect(Object.keys(compile({ name: "a", ended() {} }))).toEqual(["lazy", "ended"]);
  expect(Object.keys(compile({ name: "a", request: (message) => message }))).toEqual(["lazy", "request"]);
});

test("arrives outermost first and at once, ends innermost first", () => {
  const told: string[] = [];
  const phases = compile(recorder("a", told), recorder("b", told));
  const call = newCall();
  expect(phases.arrived?.(call)).toBeUndefined();
  phases.failed?.(denied, call);
  phases.ended?.(call, Status.OK, undefined);
  expect(told).toEqual(["a arrived", "b arrived", "b failed", "a failed", "b ended OK", "a ended OK"]);
});

test.each([
  ["at once", () => {}],
  ["after one that waits", async () => {}],
])("a refusal %s is told to those that it had reached", async (_when, waits) => {
  const told: string[] = [];
  const phases = compile(
    recorder("a", told),
    { name: "waits", arrived: waits },
    recorder("denies", told, {
      arrived() {
        throw denied;
      },
    }),
    recorder("never", told),
  );
  const call = newCall();
  await expect((async () => phases.arrived?.(call))()).rejects.toBe(denied);
  expect(phases.failed?.(denied, call)).toBe(denied);
  phases.ended?.(call, Status.PERMISSION_DENIED, denied);
  expect(told).toEqual([
    "a arrived",
    "denies failed",
    "a failed",
    "denies ended PERMISSION_DENIED",
    "a ended PERMISSION_DENIED",
  ]);
});

test("a call that ends while one waits reaches none after it", async () => {
  const told: string[] = [];
  let proceed = () => {};
  const waiting = new Promise<void>((resolve) => (proceed = resolve));
  const phases = compile(recorder("a", told, { arrived: () => waiting }), recorder("b", told));
  const call = newCall();
  const arriving = phases.arrived?.(call);
  phases.ended?.(call, Status.CANCELLED, undefined);
  proceed();
  await arriving;
  expect(told).toEqual(["a ended CANCELLED"]);
});

test("waits for a thenable that is no Promise", async () => {
  const thenable = {
    // oxlint-disable-next-line unicorn/no-thenable -- what some libraries return
    then: (_resolve: unknown, reject: (error: unknown) => void) => reject(denied),
  } as Promise<void>;
  const told: string[] = [];
  const phases = compile({ name: "a", arrived: () => thenable }, recorder("b", told));
  await expect(phases.arrived?.(newCall())).rejects.toBe(denied);
  expect(told).toEqual([]);
});

test("passes messages in the order of the list, and back", () => {
  const adds = (name: string): Middleware => ({
    name,
    request: (message) => `${String(message)}${name}`,
    response: (message) => `${String(message)}${name}`,
  });
  const phases = compile(adds("a"), adds("b"));
  expect(phases.request?.("", newCall())).toBe("ab");
  expect(phases.response?.("", newCall())).toBe("ba");
});

test("an error goes out as the last one has made it", () => {
  const other = new ServerError(Status.ABORTED, "again");
  const phases = compile(
    { name: "outer", failed: (thrown) => (thrown === denied ? other : thrown) },
    { name: "inner", failed: () => denied },
  );
  expect(phases.failed?.(new Error("bug"), newCall())).toBe(other);
});

test("one that throws when it is told keeps no other from it", () => {
  const told: string[] = [];
  const fail = () => {
    throw new Error("log is full");
  };
  const phases = compile(recorder("a", told), { name: "broken", failed: fail, ended: fail });
  expect(phases.failed?.(denied, newCall())).toBe(denied);
  phases.ended?.(newCall(), Status.OK, undefined);
  expect(told).toEqual(["a failed", "a ended OK"]);
});

test.each<[string, unknown, string]>([
  ["a promise", Promise.reject(new Error("concerns nobody")), "a promise, which was not awaited"],
  ["null", null, "null"],
  ["a number", 5, "a number"],
  ["an array", [], "an empty array"],
])("a `for` that gives %s guards nothing, and is refused", (_, found, shown) => {
  const guard = { name: "guard", for: () => found as undefined };
  expect(() => compile(guard)).toThrow(
    `what the middleware guard returns from for (test.Service/Get) is ${shown}: it must be a middleware`,
  );
});

test.each(["request", "response"] as const)("%s that returns nothing is named", (phase) => {
  expect(() => compile({ name: "a", [phase]() {} })[phase]!({}, newCall())).toThrow(
    `the middleware a returned nothing from ${phase}; is a 'return' missing?`,
  );
});
