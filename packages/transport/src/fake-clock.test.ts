import { afterEach, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { Status, type CallContext } from "nice-grpc-common";
import { createClient } from "./client/create-client.js";
import { createInProcessChannel } from "./client/in-process-channel.js";
import { fakeClock, type FakeClock } from "./fake-clock.js";
import { createServer } from "./server/create-server.js";
import { deferred, failureOf } from "./testing/outcomes.js";

const DAY_MS = 24 * 3_600_000;
const realDate = Date;
let clock: FakeClock | undefined;

afterEach(() => clock?.[Symbol.dispose]());

/** A server of this process with a client, ended with the test. */
function connected(observe: (context: CallContext) => void = () => {}) {
  // As the kit has it: a silent connection is asked each minute if it is there.
  const server = createServer({ limits: { keepaliveTimeMs: 60_000 } });
  server.add(EchoServiceDefinition, echoService(observe));
  const channel = createInProcessChannel(server);
  return {
    client: createClient(EchoServiceDefinition, channel),
    [Symbol.dispose]() {
      channel.close();
      server.forceShutdown();
    },
  };
}

test("a deadline passes when its time has come, and not a millisecond before", async () => {
  clock = fakeClock();
  const seen = deferred<CallContext>();
  using peers = connected((context) => seen.resolve(context));
  let failed = false;
  const failure = failureOf(
    peers.client.echoUnary(
      { text: "", fault: { waitForAbort: true } },
      { deadline: new Date(Date.now() + 10_001) },
    ),
  ).finally(() => (failed = true));
  const { signal } = await seen.promise;
  await clock.advance(10_000);
  expect([failed, signal.aborted]).toEqual([false, false]);
  await clock.advance(1);
  expect((await failure).code).toBe(Status.DEADLINE_EXCEEDED);
  expect([signal.aborted, clock.elapsedMs]).toEqual([true, 10_001]);
});

test("a call without a deadline outlasts a month, and is answered", async () => {
  clock = fakeClock();
  using peers = connected();
  const stream = peers.client.echoServerStream({ text: "a", count: 2 })[Symbol.asyncIterator]();
  await stream.next();
  await clock.advance(30 * DAY_MS);
  expect(await stream.next()).toMatchObject({ done: false, value: { index: 1 } });
});

test("hours of housekeeping pass, and the connection is still there", async () => {
  clock = fakeClock();
  using peers = connected();
  const { client } = peers;
  expect(await client.echoUnary({ text: "a" })).toEqual({ text: "a" });
  const waiting = client.echoServerStream({ text: "b", count: 1, fault: { waitForAbort: true } });
  const reader = waiting[Symbol.asyncIterator]();
  await reader.next();
  await clock.advance(DAY_MS / 8);
  expect(await client.echoUnary({ text: "c" })).toEqual({ text: "c" });
  await reader.return?.();
});

test("timers run in the order of their times, and find those at the clock", async () => {
  clock = fakeClock();
  const [began, dateBegan] = [performance.now(), Date.now()];
  const ran: unknown[] = [];
  const note = (name: string) => ran.push([name, performance.now() - began, Date.now() - dateBegan]);
  setTimeout(note, 50, "last");
  setTimeout(() => {
    note("first");
    setTimeout(note, 5, "inner");
  }, 10);
  const interval = setInterval(() => note("again"), 20);
  const never = setTimeout(note, 30, "never");
  clearTimeout(never);
  await clock.advance(45);
  clearInterval(interval);
  await clock.advance(1_000);
  expect(ran).toEqual([
    ["first", 10, 10],
    ["inner", 15, 15],
    ["again", 20, 20],
    ["again", 40, 40],
    ["last", 50, 50],
  ]);
  expect([performance.now() - began, new Date().getTime() - dateBegan]).toEqual([1_045, 1_045]);
});

test("dates are dates as ever", async () => {
  clock = fakeClock();
  expect(new Date(0).toISOString()).toBe("1970-01-01T00:00:00.000Z");
  expect(new Date() instanceof Date).toBe(true);
  expect(new realDate() instanceof Date).toBe(true);
  expect(Date.UTC(2026, 0)).toBe(realDate.UTC(2026, 0));
});

test("a timer can be refreshed, and one that is over can be cleared", async () => {
  clock = fakeClock();
  let runs = 0;
  const timer = setTimeout(() => runs++, 10);
  await clock.advance(9);
  timer.refresh();
  await clock.advance(9);
  expect(runs).toBe(0);
  await clock.advance(1);
  clearTimeout(timer);
  expect([runs, timer.unref().hasRef(), timer.ref().hasRef()]).toEqual([1, false, true]);
});

test("when it ends, time goes on from where it was, and waiting timers are real ones", async () => {
  clock = fakeClock();
  await clock.advance(DAY_MS);
  const last = performance.now();
  const ran = deferred();
  const cleared = setTimeout(() => ran.resolve(), 1);
  setTimeout(ran.resolve, 20);
  clock[Symbol.dispose]();
  clearTimeout(cleared);
  await ran.promise;
  expect(performance.now()).toBeGreaterThanOrEqual(last + 10);
  expect(Date).toBe(realDate);
  // Deadlines rely on it: one that is made now passes in its time.
  using peers = connected();
  const failure = failureOf(
    peers.client.echoUnary({ text: "", fault: { waitForAbort: true } }, { deadline: Date.now() + 20 }),
  );
  expect((await failure).code).toBe(Status.DEADLINE_EXCEEDED);
});

test("there is one at a time", () => {
  clock = fakeClock();
  expect(() => fakeClock()).toThrow("fakeClock: another one has not been disposed of");
  clock[Symbol.dispose]();
  clock = fakeClock();
});

test("time cannot go back", async () => {
  clock = fakeClock();
  await expect(clock.advance(-1)).rejects.toThrow("advance: ms is -1: it must be at least 0");
});
