import { afterEach, expect, jest, test } from "@jest/globals";
import { dnsNames, type DnsTimes, type Lookup } from "./dns-names.js";
import type { AddressListener } from "./name-watch.js";

/** Looks a name up by `lookup`; what it has said so far. */
function resolve(lookup: Lookup, minIntervalMs = 0, more: Partial<DnsTimes> = {}) {
  const said: unknown[] = [];
  let wake = (): void => {};
  const say = (what: unknown): void => {
    said.push(what);
    wake();
  };
  const listener: AddressListener = { onAddresses: say, onError: ({ message }) => say(message) };
  const times = { minIntervalMs, intervalMs: Infinity, timeoutMs: Infinity, ...more };
  const resolution = dnsNames("users", 5, times, lookup)(listener);
  return {
    said,
    resolution,
    async next(): Promise<unknown> {
      const before = said.length;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      return said[before];
    },
  };
}

const address = (host: string) => ({ host, port: 5 });
const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  jest.useRealTimers();
});

test("all addresses, in the order of the system's resolver", async () => {
  const asked: unknown[] = [];
  const { next } = resolve(async (...args) => {
    asked.push(args);
    return [{ address: "::1" }, { address: "127.0.0.1" }];
  });
  expect(await next()).toEqual([address("::1"), address("127.0.0.1")]);
  expect(asked).toEqual([["users", { all: true, order: "verbatim", family: 0 }]]);
});

test.each<[4 | 6, string]>([
  [4, "127.0.0.1"],
  [6, "::1"],
])("if both fail together, IPv%d alone will do", async (works, found) => {
  const { next } = resolve(async (_host, { family }) => {
    if (family !== works) throw new Error(`no IPv${family}`);
    return [{ address: found }];
  });
  expect(await next()).toEqual([address(found)]);
});

test("if each fails, the error is the first one", async () => {
  const { next } = resolve(async (_host, { family }) => {
    throw new Error(`no IPv${family}`);
  });
  expect(await next()).toBe("no IPv0");
});

test("a lookup is repeated when it is asked for, and not while one is under way", async () => {
  let count = 0;
  const { next, resolution } = resolve(async () => [{ address: `127.0.0.${++count}` }]);
  resolution.refresh!();
  expect(await next()).toEqual([address("127.0.0.1")]);
  resolution.refresh!();
  expect(await next()).toEqual([address("127.0.0.2")]);
  expect(count).toBe(2);
});

test("not more often than it may be, but in the end", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  let count = 0;
  const { said, resolution } = resolve(async () => [{ address: `127.0.0.${++count}` }], 30_000);
  await turn();
  jest.advanceTimersByTime(10_000);
  resolution.refresh!();
  resolution.refresh!();
  jest.advanceTimersByTime(19_999);
  await turn();
  expect(said).toHaveLength(1);
  jest.advanceTimersByTime(1);
  await turn();
  expect(said).toEqual([[address("127.0.0.1")], [address("127.0.0.2")]]);
  resolution.refresh!();
  resolution.stop();
  jest.advanceTimersByTime(60_000);
  await turn();
  expect(count).toBe(2);
});

test("an error does not count: the channel's own wait comes after it", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate", "queueMicrotask"] });
  let works = false;
  const { said, resolution } = resolve(async () => {
    if (!works) throw new Error("away");
    return [{ address: "::1" }];
  }, 30_000);
  await turn();
  works = true;
  resolution.refresh!();
  await turn();
  expect(said).toEqual(["away", [address("::1")]]);
});

test("what is found after it was stopped is not said", async () => {
  const { said, resolution } = resolve(async () => [{ address: "::1" }]);
  resolution.stop();
  await turn();
  expect(said).toEqual([]);
});

test("DNS that does not answer is an error in time, and is asked again; an answer that comes late counts", async () => {
  const answers: ((found: { address: string }[]) => void)[] = [];
  const { next, resolution, said } = resolve(
    () =>
      new Promise((resolve) => {
        answers.push(resolve);
      }),
    0,
    { timeoutMs: 5 },
  );
  expect(await next()).toBe("DNS has not answered for users within 5 ms");
  resolution.refresh!();
  expect(answers).toHaveLength(2);
  answers[1]!([{ address: "127.0.0.1" }]);
  await turn();
  answers[0]!([{ address: "127.0.0.2" }]);
  await turn();
  expect(said.slice(1)).toEqual([[address("127.0.0.1")], [address("127.0.0.2")]]);
  resolution.stop();
});

test("a name is looked up again at intervals, until it is stopped", async () => {
  let asked = 0;
  const { next, resolution } = resolve(async () => [{ address: `127.0.0.${++asked}` }], 0, {
    intervalMs: 10,
  });
  for (const host of ["127.0.0.1", "127.0.0.2", "127.0.0.3"]) {
    // oxlint-disable-next-line no-await-in-loop
    expect(await next()).toEqual([address(host)]);
  }
  resolution.stop();
});
