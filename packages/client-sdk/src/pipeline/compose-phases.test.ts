import { describe, expect, jest, test } from "@jest/globals";
import type { ClientPhases } from "@callwire/transport";
import { ClientError, type MethodDescriptor, Status } from "nice-grpc-common";
import { composePhases } from "./compose-phases.js";
import { PhasedContext } from "./phased-context.js";

const unary: MethodDescriptor = { path: "/a.B/C", requestStream: false, responseStream: false, options: {} };
const upload: MethodDescriptor = { ...unary, requestStream: true };

const callOf = (method = unary) => new PhasedContext(method, {});

/** Phases that note each moment, and pass messages and errors on with their name added. */
function noting(name: string, events: string[]): ClientPhases {
  const note = (moment: string) => void events.push(`${name} ${moment}`);
  return {
    began: () => note("began"),
    attempted: () => note("attempted"),
    request: (message) => `${String(message)} ${name}`,
    response: (message) => `${String(message)} ${name}`,
    retryAfterMs: () => (note("retryAfterMs"), undefined),
    failed: (error) => (note("failed"), `${String(error)} ${name}`),
    ended: () => note("ended"),
  };
}

test("run from the outermost in, and answers from the innermost out", () => {
  const events: string[] = [];
  const phases = composePhases(unary, [noting("outer", events), noting("inner", events)])!;
  const call = callOf();
  phases.began!(call);
  void phases.attempted!(call);
  expect(phases.request!("q", call)).toBe("q outer inner");
  expect(phases.response!("r", call)).toBe("r inner outer");
  expect(phases.retryAfterMs!("e", "status", call)).toBeUndefined();
  expect(phases.failed!("e", "status", call)).toBe("e inner outer");
  phases.ended!(call, Status.UNKNOWN);
  expect(events).toEqual([
    "outer began",
    "inner began",
    "outer attempted",
    "inner attempted",
    "inner retryAfterMs",
    "outer retryAfterMs",
    "inner failed",
    "outer failed",
    "inner ended",
    "outer ended",
  ]);
});

test("a moment that nobody has something to do at is left out", () => {
  expect(composePhases(unary, [])).toBeUndefined();
  const phases = composePhases(unary, [{ attempted: () => {} }, {}])!;
  expect(Object.keys(phases)).toEqual(["attempted"]);
});

test("the innermost that wants to wait decides", () => {
  const outer = jest.fn(() => 1);
  const phases = composePhases(unary, [{ retryAfterMs: outer }, { retryAfterMs: () => 0 }])!;
  expect(phases.retryAfterMs!("e", "status", callOf())).toBe(0);
  expect(outer).not.toHaveBeenCalled();
});

test.each([null, Number.NaN, -1, "5", {}])("a time of %p to wait is none, and no repeat", (waitMs) => {
  const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  const phases = composePhases(unary, [{ retryAfterMs: () => waitMs as number }])!;
  expect(phases.retryAfterMs!("e", "status", callOf())).toBeUndefined();
  expect(String(warn.mock.calls[0]![0])).toContain("from retryAfterMs: it must be a number of milliseconds");
  warn.mockRestore();
});

test("what attempted returns, and is no promise, says nothing", () => {
  const phases = (returned: unknown): ClientPhases => ({ attempted: () => returned as void });
  for (const method of [unary, upload]) {
    expect(composePhases(method, [phases(5)])!.attempted!(callOf(method))).toBeUndefined();
    expect(composePhases(method, [phases([]), phases(null)])!.attempted!(callOf(method))).toBeUndefined();
  }
});

test.each(["request", "response"] as const)("%s that returns nothing is named", (phase) => {
  const phases = composePhases(unary, [{ [phase]: () => {} }])!;
  expect(() => phases[phase]!("m", callOf())).toThrow(
    `a middleware returned nothing from ${phase}; is a 'return' missing?`,
  );
});

test("an attempt waits for those that ask for it, in turn, and for no others", async () => {
  const events: string[] = [];
  const sync = (name: string): ClientPhases => ({ attempted: () => void events.push(name) });
  const slow: ClientPhases = {
    async attempted() {
      await Promise.resolve();
      events.push("slow");
    },
  };
  const quick = composePhases(unary, [sync("a"), sync("b")])!;
  expect(quick.attempted!(callOf())).toBeUndefined();
  const phases = composePhases(unary, [sync("c"), slow, sync("d"), slow, sync("e")])!;
  await phases.attempted!(callOf());
  expect(events).toEqual(["a", "b", "c", "slow", "d", "slow", "e"]);
});

describe("if `began` throws,", () => {
  test("those inside never hear of the call, at its end neither, but of the next one", () => {
    const events: string[] = [];
    let fails = true;
    const thrower: ClientPhases = {
      began() {
        if (fails) throw new Error("no");
      },
      ended: () => void events.push("thrower ended"),
    };
    const phases = composePhases(unary, [noting("outer", events), thrower, noting("inner", events)])!;
    const call = callOf();
    expect(() => phases.began!(call)).toThrow("no");
    expect(phases.failed!("e", "local", call)).toBe("e outer");
    phases.ended!(call, Status.UNKNOWN);
    expect(events).toEqual(["outer began", "outer failed", "thrower ended", "outer ended"]);

    events.length = 0;
    fails = false;
    const next = callOf();
    phases.began!(next);
    phases.ended!(next, Status.OK);
    expect(events).toEqual(["outer began", "inner began", "inner ended", "thrower ended", "outer ended"]);
  });
});

describe("what must not throw and does", () => {
  const bug = () => {
    throw new Error("a bug");
  };

  test("is a warning: the others run, and the error stays", () => {
    using warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    const ended = jest.fn();
    const list: ClientPhases[] = [{ ended }, { failed: bug, ended: bug, retryAfterMs: bug }];
    const phases = composePhases(unary, list)!;
    const call = callOf();
    expect(phases.failed!("e", "status", call)).toBe("e");
    expect(phases.retryAfterMs!("e", "status", call)).toBeUndefined();
    phases.ended!(call, Status.OK);
    expect(ended).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledTimes(3);
  });
});

describe("what fails a call that streams its requests", () => {
  test.each([["text"], [undefined], [new DOMException("mine", "AbortError")]])(
    "is CANCELLED with the cause if the source has thrown it: %p",
    (thrown) => {
      const phases = composePhases(upload, [{}])!;
      const error = phases.failed!(thrown, "local", callOf(upload));
      expect(error).toMatchObject({
        code: Status.CANCELLED,
        details: expect.stringMatching(/^the requests could not be read: /),
        ...(thrown !== undefined && { cause: thrown }),
      });
    },
  );

  test("stays as it is if a phase has thrown it", async () => {
    const mine = new Error("mine");
    const throwing = () => {
      throw mine;
    };
    for (const list of [
      [{ began: throwing }],
      [{ attempted: throwing }],
      [{ attempted: () => Promise.reject(mine) }],
      [{ request: throwing }],
      [{ response: throwing }],
    ] as ClientPhases[][]) {
      const phases = composePhases(upload, list)!;
      const call = callOf(upload);
      await (async () => {
        phases.began?.(call);
        await phases.attempted?.(call);
        phases.request?.("q", call);
        phases.response?.("r", call);
      })().catch(() => {});
      expect(phases.failed!(mine, "local", call)).toBe(mine);
    }
  });

  test("stays as it is if the runtime has thrown it, or the caller's signal was aborted", () => {
    const phases = composePhases(upload, [{}])!;
    const known = new ClientError("/a.B/C", Status.INTERNAL, "too large");
    expect(phases.failed!(known, "local", callOf(upload))).toBe(known);
    const aborted = new PhasedContext(upload, { signal: AbortSignal.abort() });
    const abort = new DOMException("", "AbortError");
    expect(phases.failed!(abort, "local", aborted)).toBe(abort);
    expect(phases.failed!("odd", "status", callOf(upload))).toBe("odd");
  });
});
