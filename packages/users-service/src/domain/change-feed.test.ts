import { getEventListeners } from "node:events";

import { afterEach, describe, expect, jest, test } from "@jest/globals";

import { MemoryUserStore } from "../storage/memory-user-store.js";
import { ChangeFeed, type UserEvent } from "./change-feed.js";
import { PositionTooOld, WatcherTooSlow } from "./errors.js";
import type { UserStore } from "./user-store.js";
import type { User } from "./user.js";
import type { Watcher } from "./watcher.js";

const TIME = new Date(1_700_000_000_000);
const ANN: User = {
  id: "id-1",
  name: "Ann",
  email: "ann@x.com",
  age: 0,
  department: 0,
  roles: [],
  createdAt: TIME,
  updatedAt: TIME,
  version: 1,
  sequence: 1,
};

/** Writes one change for each department, or each pair of the one before and the one after, in one commit. */
async function change(
  store: UserStore,
  departments: readonly (number | [before: number, after: number])[],
): Promise<void> {
  await store.write((transaction) => {
    for (const item of departments) {
      const [previousDepartment, department] = typeof item === "number" ? [item, item] : item;
      transaction.append({
        type: "updated",
        user: { ...ANN, department },
        previousDepartment,
        time: TIME,
      });
    }
  });
}

type Events = Watcher<UserEvent>;

async function take(events: Events, count: number): Promise<UserEvent[]> {
  const taken: UserEvent[] = [];
  while (taken.length < count) {
    const { value } = await events.next();
    if (value === undefined) {
      throw new Error("The events have ended");
    }
    taken.push(value);
  }
  return taken;
}

/** What a token must say: each event of a test comes with the position after it. */
function positions(events: readonly UserEvent[]): number[] {
  return events.map(({ resumeToken }) => Buffer.from(resumeToken, "base64url").readUIntBE(9, 6));
}

afterEach(() => {
  jest.useRealTimers();
});

describe("a watcher", () => {
  test("gets its position at once, then each change once and in order, with token and time", async () => {
    const store = new MemoryUserStore();
    await change(store, [1]);
    const events = new ChangeFeed({ store, clock: () => 42 }).watch({});
    const [first] = await take(events, 1);
    expect(first).toMatchObject({ type: "heartbeat", time: new Date(42) });
    const waiting = take(events, 3);
    await change(store, [1, 2]);
    await change(store, [3]);
    const changes = await waiting;
    expect(positions([first as UserEvent, ...changes])).toEqual([1, 2, 3, 4]);
    expect(changes).toMatchObject(
      [1, 2, 3].map((department) => ({ type: "updated", user: { department }, time: TIME })),
    );
  });

  test("gets the changes into and out of its departments only", async () => {
    const store = new MemoryUserStore();
    const events = new ChangeFeed({ store }).watch({ departments: new Set([1, 2]) });
    await take(events, 1);
    const waiting = take(events, 4);
    await change(store, [3, 4]);
    await change(store, [3, 1, [3, 2], [1, 3], [3, 4], [2, 1]]);
    expect(positions(await waiting)).toEqual([4, 5, 6, 8]);
  });

  test("shares the events with all others", async () => {
    const store = new MemoryUserStore();
    const feed = new ChangeFeed({ store });
    const watchers = [feed.watch({}), feed.watch({})];
    await Promise.all(watchers.map((events) => take(events, 1)));
    const waiting = watchers.map((events) => take(events, 1));
    await change(store, [1]);
    const [[one], [other]] = (await Promise.all(waiting)) as [UserEvent[], UserEvent[]];
    expect(one).toBe(other);
  });

  test("gets a heartbeat after silence, with the position that the changes of others have reached", async () => {
    jest.useFakeTimers();
    const store = new MemoryUserStore();
    const events = new ChangeFeed({ store, heartbeatMs: 1000 }).watch({ departments: new Set([1]) });
    await take(events, 1);
    const waiting = take(events, 2);
    await jest.advanceTimersByTimeAsync(999);
    await change(store, [2, 3]);
    await jest.advanceTimersByTimeAsync(1);
    await change(store, [4]);
    await jest.advanceTimersByTimeAsync(1000);
    const heartbeats = await waiting;
    expect(heartbeats.map(({ type }) => type)).toEqual(["heartbeat", "heartbeat"]);
    expect(positions(heartbeats)).toEqual([2, 3]);
    const last = take(events, 1);
    await change(store, [1]);
    expect(positions(await last)).toEqual([4]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("that is slow is told so once a change has left the window unseen, and can come back", async () => {
    const store = new MemoryUserStore();
    const feed = new ChangeFeed({ store, windowSize: 3 });
    const slow = feed.watch({});
    const quick = feed.watch({});
    const [beat] = await take(slow, 1);
    await take(quick, 1);
    await change(store, [1, 2, 3]);
    expect(positions(await take(slow, 1))).toEqual([1]);
    expect(positions(await take(quick, 3))).toEqual([1, 2, 3]);
    await change(store, [4, 1]);
    await expect(slow.next()).rejects.toBeInstanceOf(WatcherTooSlow);
    expect(positions(await take(quick, 2))).toEqual([4, 5]);
    const again = feed.watch({ resumeToken: beat?.resumeToken });
    expect(positions(await take(again, 6))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("leaves no listener and no timer behind", async () => {
    jest.useFakeTimers();
    const store = new MemoryUserStore();
    const abort = new AbortController();
    const events = new ChangeFeed({ store }).watch({}, abort);
    await take(events, 1);
    for (let round = 0; round < 3; round++) {
      const waiting = take(events, 1);
      await change(store, [1]);
      await waiting;
    }
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
    const waiting = events.next();
    const reason = new Error("cancelled");
    // It waits, with one of each.
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(1);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(getEventListeners(abort.signal, "abort")).toHaveLength(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe("a reader that is woken", () => {
  /** Reads as the transport does; `woken` resolves at the next wake. */
  function reader(events: Events): {
    take: () => UserEvent[];
    woken: () => Promise<void>;
    wakes: () => number;
  } {
    let wakes = 0;
    let wake: (() => void) | undefined;
    events.onReady(() => {
      wakes++;
      wake?.();
    });
    const take = (): UserEvent[] => {
      const taken: UserEvent[] = [];
      for (let result; (result = events.nextNow()) !== undefined && !result.done;) {
        taken.push(result.value);
      }
      return taken;
    };
    return { take, wakes: () => wakes, woken: () => new Promise((resolve) => (wake = resolve)) };
  }

  test("takes what is there at once, and is woken once for what comes while it waits", async () => {
    const store = new MemoryUserStore();
    const { take, woken, wakes } = reader(new ChangeFeed({ store }).watch({}));
    expect(take().map(({ type }) => type)).toEqual(["heartbeat"]);
    const news = woken();
    await change(store, [1, 2]);
    await news;
    await change(store, [3]);
    expect(positions(take())).toEqual([1, 2, 3]);
    expect(wakes()).toBe(1);
  });

  test("catches up from the store, whatever page its place is in", async () => {
    const store = new MemoryUserStore();
    const feed = new ChangeFeed({ store, windowSize: 50 });
    const [start] = reader(feed.watch({})).take();
    await change(store, Array(1200).fill(1));
    const { take, woken } = reader(feed.watch({ resumeToken: start?.resumeToken }));
    const seen: number[] = [];
    while (seen.at(-1) !== 1200) {
      const news = woken();
      seen.push(...positions(take()));
      if (seen.at(-1) !== 1200) {
        await news;
      }
    }
    expect(seen).toEqual(Array.from({ length: 1201 }, (_, index) => index));
  });

  test("is woken to be told that it was refused", async () => {
    const store = new MemoryUserStore({ retainedChanges: 5 });
    const [start] = reader(new ChangeFeed({ store }).watch({})).take();
    await change(store, Array(6).fill(1));
    const events = new ChangeFeed({ store }).watch({ resumeToken: start?.resumeToken });
    const { take, woken } = reader(events);
    const news = woken();
    expect(take()).toEqual([]);
    await news;
    expect(() => events.nextNow()).toThrow(PositionTooOld);
  });

  test("gets heartbeats, by one timer for all", async () => {
    jest.useFakeTimers();
    const feed = new ChangeFeed({ store: new MemoryUserStore(), heartbeatMs: 1000 });
    const readers = Array.from({ length: 100 }, () => reader(feed.watch({})));
    for (const { take } of readers) {
      take();
      take();
    }
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(1000);
    expect(readers.every(({ wakes }) => wakes() === 1)).toBe(true);
    const beats = readers.map(({ take }) => take()[0]);
    expect(new Set(beats).size).toBe(1);
    expect(beats[0]).toMatchObject({ type: "heartbeat" });
  });

  test("is passed over while the changes are not its own, and told of the next one that is", async () => {
    const store = new MemoryUserStore();
    const feed = new ChangeFeed({ store });
    const one = reader(feed.watch({ departments: new Set([1]) }));
    const all = reader(feed.watch({}));
    for (const { take } of [one, all]) {
      take();
      take();
    }
    for (const [index, department] of [2, 2, 1].entries()) {
      const news = all.woken();
      await change(store, [department]);
      await news;
      expect(positions(all.take())).toEqual([index + 1]);
    }
    await new Promise(setImmediate);
    expect(one.wakes()).toBe(1);
    expect(positions(one.take())).toEqual([3]);
  });

  test("is told of what is written while others are told", async () => {
    const store = new MemoryUserStore();
    const feed = new ChangeFeed({ store });
    const all = Array.from({ length: 100 }, async () => {
      const { take, woken } = reader(feed.watch({}));
      take();
      const seen: number[] = [];
      while (seen.length < 50) {
        const news = woken();
        seen.push(...positions(take()));
        if (seen.length < 50) {
          await news;
        }
      }
      return seen;
    });
    await Promise.all(Array.from({ length: 50 }, () => change(store, [1])));
    const expected = Array.from({ length: 50 }, (_, index) => index + 1);
    expect(await Promise.all(all)).toEqual(all.map(() => expected));
  });

  test("reads no signal, and hears nothing after its return", async () => {
    const store = new MemoryUserStore();
    const caller = {
      get signal(): AbortSignal {
        throw new Error("nobody needs it");
      },
    };
    const events = new ChangeFeed({ store }).watch({}, caller);
    const { take, wakes } = reader(events);
    take();
    await events.return();
    await change(store, [1]);
    await new Promise(setImmediate);
    expect(wakes()).toBe(0);
    expect(events.nextNow()).toEqual({ done: true, value: undefined });
  });
});

test("a return ends a wait at once", async () => {
  const events = new ChangeFeed({ store: new MemoryUserStore() }).watch({});
  await events.next();
  const waiting = events.next();
  await events.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test("many watchers are told in order, those that ask for more after those that were not told", async () => {
  const store = new MemoryUserStore();
  const feed = new ChangeFeed({ store });
  const told: string[] = [];
  const all = Array.from({ length: 200 }, async (_, number) => {
    const events = feed.watch({});
    await events.next();
    for (let count = 1; count <= 2; count++) {
      const { value } = await events.next();
      told.push(`${positions([value as UserEvent])[0]} ${number}`);
    }
  });
  await new Promise(setImmediate);
  await change(store, [1]);
  await change(store, [1]);
  await Promise.all(all);
  const expected = [1, 2].flatMap((position) => all.map((_, number) => `${position} ${number}`));
  expect(told.toSorted()).toEqual(expected.toSorted());
  expect(told.indexOf("1 199")).toBeLessThan(told.indexOf("2 199"));
});

test("what watchers get of a change is made once, and not before one asks", async () => {
  const store = new MemoryUserStore();
  let made = 0;
  const feed = new ChangeFeed({ store, present: (event) => ({ type: event.type, number: ++made }) });
  await change(store, [1, 2]);
  expect(made).toBe(0);
  const watchers = [feed.watch({}), feed.watch({})];
  await Promise.all(watchers.map((events) => events.next()));
  made = 0;
  const waiting = watchers.map((events) => events.next());
  await change(store, [1]);
  const [one, other] = await Promise.all(waiting);
  expect(one?.value).toBe(other?.value);
  expect(made).toBe(1);
});

describe("a watcher that comes back", () => {
  test("misses nothing and sees nothing twice, wherever it left and whatever is written meanwhile", async () => {
    const store = new MemoryUserStore();
    await change(store, Array(1200).fill(1));
    // A window so small that all but the newest come from the store, in more than one page.
    const feed = new ChangeFeed({ store, windowSize: 50 });
    const [now] = await take(feed.watch({}), 1);
    const token = (position: number): string => {
      const bytes = Buffer.from(now?.resumeToken ?? "", "base64url");
      bytes.writeUIntBE(position, 9, 6);
      return bytes.toString("base64url");
    };
    for (const from of [0, 1, 499, 500, 501, 1100, 1199, 1200]) {
      const last = store.lastPosition + 60;
      const events = feed.watch({ resumeToken: token(from) });
      const seen: number[] = [];
      while (seen.at(-1) !== last) {
        seen.push(...positions(await take(events, 1)));
        // A write at almost every step, so that some fall on the joint of store and window.
        if (seen.length % 7 !== 0 && store.lastPosition < last) {
          await change(store, [1]);
        }
      }
      expect(seen).toEqual(Array.from({ length: last - from + 1 }, (_, index) => from + index));
    }
  });

  test("is refused if the log does not reach back so far, before its position is confirmed", async () => {
    const store = new MemoryUserStore({ retainedChanges: 5 });
    const [start] = await take(new ChangeFeed({ store }).watch({}), 1);
    await change(store, Array(6).fill(1));
    const feed = new ChangeFeed({ store });
    await expect(feed.watch({ resumeToken: start?.resumeToken }).next()).rejects.toBeInstanceOf(
      PositionTooOld,
    );
  });

  test("is refused with a token that is garbage, of another log, or ahead", async () => {
    const store = new MemoryUserStore();
    const feed = new ChangeFeed({ store });
    const [start] = await take(feed.watch({}), 1);
    const [other] = await take(new ChangeFeed({ store: new MemoryUserStore() }).watch({}), 1);
    const ahead = Buffer.from(start?.resumeToken ?? "", "base64url");
    ahead.writeUIntBE(1, 9, 6);
    const refused: [string | undefined, string][] = [
      ["garbage", "is not a token"],
      [`${start?.resumeToken}!`, "is not a token"],
      [other?.resumeToken, "is of another directory"],
      [ahead.toString("base64url"), "is ahead"],
    ];
    for (const [resumeToken, reason] of refused) {
      const violation = { field: "resume_token", reason: expect.stringContaining(reason) };
      expect(() => feed.watch({ resumeToken })).toThrow(expect.objectContaining({ violations: [violation] }));
    }
  });
});
