import { expect, test } from "@jest/globals";
import { Metadata, ServerError, Status } from "nice-grpc-common";
import type { ArrivalHooks } from "../arrival.js";
import type { IncomingCall } from "../runtime.js";
import { createAdmission } from "./admission.js";

const call = (signal = new AbortController().signal): IncomingCall => ({
  method: { path: "/test.Service/Get", requestStream: false, responseStream: false, options: {} },
  metadata: Metadata(),
  peer: "",
  authority: "",
  deadline: undefined,
  peerCertificate: undefined,
  signal,
});
const denied = new ServerError(Status.PERMISSION_DENIED, "no");
const denies: ArrivalHooks = {
  admit() {
    throw denied;
  },
};

test("admits at once while no hook waits", () => {
  const seen: string[] = [];
  const admit = createAdmission(
    [{ admit: () => void seen.push("a") }, {}, { admit: () => void seen.push("b") }],
    () => true,
  );
  expect(admit(call())).toBeUndefined();
  expect(seen).toEqual(["a", "b"]);
});

test("leaves other services alone", () => {
  expect(createAdmission([denies], (service) => service === "other.Service")(call())).toBeUndefined();
});

test.each([
  ["at once", {}],
  ["after one that waits", { admit: async () => {} }],
])("a refusal %s is told to the hooks that ran, outermost first", async (_when, waits) => {
  const told: string[] = [];
  const hook = (name: string): ArrivalHooks => ({
    refused: (_call, { error, trailer }) => {
      expect(error).toBe(denied);
      trailer.set(name, "1");
      told.push(name);
    },
  });
  const admit = createAdmission([hook("a"), waits, hook("b"), denies, hook("never")], () => true);
  const refusal = await admit(call());
  expect(refusal).toMatchObject({ error: denied, thrown: denied });
  expect(told).toEqual(["a", "b"]);
  expect(refusal?.trailer.get("b")).toBe("1");
});

test("waits for a thenable that is no Promise", async () => {
  const thenable = {
    // oxlint-disable-next-line unicorn/no-thenable -- what some libraries return
    then: (_resolve: unknown, reject: (error: unknown) => void) => reject(denied),
  } as Promise<void>;
  const refusal = await createAdmission([{ admit: () => thenable }], () => true)(call());
  expect(refusal?.error).toBe(denied);
});

test("a hook that throws when it is told of a refusal keeps no other from it", () => {
  const told: unknown[] = [];
  const broken: ArrivalHooks = {
    refused() {
      throw new Error("log is full");
    },
  };
  const admit = createAdmission(
    [broken, { refused: (_call, { error }) => void told.push(error) }, denies],
    () => true,
  );
  expect(admit(call())).toMatchObject({ error: denied });
  expect(told).toEqual([denied]);
});

test.each(["resolves", "rejects"])(
  "a call that was cancelled meanwhile is CANCELLED, though its hook %s",
  async (how) => {
    const controller = new AbortController();
    const told: unknown[] = [];
    const hook: ArrivalHooks = {
      async admit() {
        controller.abort();
        if (how === "rejects") throw new Error("the query was cancelled");
      },
      refused: (_call, { error }) => void told.push(error.code),
    };
    const refusal = await createAdmission([hook], () => true)(call(controller.signal));
    expect(refusal?.error.code).toBe(Status.CANCELLED);
    expect(told).toEqual([Status.CANCELLED]);
  },
);

test.each([
  ["at once", {}],
  ["after one that waits", { admit: async () => {} }],
])("a call that arrives past its deadline is refused %s: its handler must not write", async (_when, hook) => {
  const late = { ...call(), deadline: new Date(Date.now() - 1) };
  const told: unknown[] = [];
  const log: ArrivalHooks = { refused: (_call, { error }) => void told.push(error.code) };
  const refusal = await createAdmission([log, hook], () => true)(late);
  expect(refusal?.error.code).toBe(Status.DEADLINE_EXCEEDED);
  expect(told).toEqual([Status.DEADLINE_EXCEEDED]);
});
