import { getEventListeners, setMaxListeners } from "node:events";
import { HealthCheckResponse_ServingStatus as ServingStatus } from "@callwire/contracts/grpc/health/v1";
import { describe, expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { createServer } from "../create-server.js";
import { startEcho } from "../test-room/echo-server.js";
import { failure } from "../test-room/errors.js";
import { health } from "../test-room/health-client.js";
import { runtimes } from "../test-room/runtimes.js";
import { HealthState } from "./health.js";

const service = "callwire.echo.v1.EchoService";

describe("HealthState", () => {
  test("once stopped, stays NOT_SERVING", () => {
    const state = new HealthState();
    state.set("a", "SERVING");
    state.stop();
    state.set("a", "SERVING");
    state.setAll("SERVING");
    expect(Object.fromEntries(state.all)).toEqual({ "": "NOT_SERVING", a: "NOT_SERVING" });
  });

  test("takes no other word", () => {
    const state = new HealthState();
    const said = 'the health is "UP": it must be "SERVING" or "NOT_SERVING"';
    expect(() => state.set("a", "UP" as never)).toThrow(`health.set: ${said}`);
    expect(() => state.setAll("UP" as never)).toThrow(`health.setAll: ${said}`);
    expect(() => state.set({ fullName: "a.B" } as never, "SERVING")).toThrow(
      "health.set: the service is an object: it must be a text",
    );
    expect([...state.all]).toEqual([["", "SERVING"]]);
  });

  test("a wait that was aborted rejects, before or after it began", async () => {
    const state = new HealthState();
    await expect(state.changed(AbortSignal.abort("gone"))).rejects.toBe("gone");
    const controller = new AbortController();
    const waiting = state.changed(controller.signal);
    controller.abort("gone");
    await expect(waiting).rejects.toBe("gone");
  });

  test("a wait leaves no listener on its signal", async () => {
    const state = new HealthState();
    const { signal } = new AbortController();
    const waits = Array.from({ length: 5 }, () => state.changed(signal));
    expect(getEventListeners(signal, "abort")).toHaveLength(5);
    state.set("a", "SERVING");
    await Promise.all(waits);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  test("answers for the server and each service; NOT_FOUND for others", async () => {
    await using echo = await startEcho({ runtime });
    using client = health(echo.address);
    echo.server.health.set(service, "NOT_SERVING");
    expect((await client.check({})).status).toBe(ServingStatus.SERVING);
    expect((await client.check({ service })).status).toBe(ServingStatus.NOT_SERVING);
    const unknown = await failure((options) => client.check({ service: "no.Such" }, options));
    expect(unknown.code).toBe(Status.NOT_FOUND);
    const { statuses } = await client.list({});
    expect(statuses.get("")?.status).toBe(ServingStatus.SERVING);
    expect(statuses.get(service)?.status).toBe(ServingStatus.NOT_SERVING);
  });

  test("keeps what was set before the server listens", async () => {
    const server = createServer({ runtime });
    server.health.set("", "NOT_SERVING");
    const port = await server.listen("127.0.0.1:0");
    using client = health(`127.0.0.1:${port}`);
    expect((await client.check({})).status).toBe(ServingStatus.NOT_SERVING);
    server.forceShutdown();
  });

  test("100 watchers are told each change once, and leave nothing behind", async () => {
    await using echo = await startEcho({ runtime });
    using client = health(echo.address);
    const cancels: AbortController[] = [];
    const watch = () => {
      const cancel = new AbortController();
      cancels.push(cancel);
      return client.watch({ service: "later.Service" }, { signal: cancel.signal })[Symbol.asyncIterator]();
    };
    const watchers = Array.from({ length: 100 }, watch);
    const next = async () =>
      new Set(
        (await Promise.all(watchers.map((watcher) => watcher.next()))).map(({ value }) => value?.status),
      );
    expect(await next()).toEqual(new Set([ServingStatus.SERVICE_UNKNOWN]));
    echo.server.health.set("other.Service", "SERVING");
    echo.server.health.set("later.Service", "SERVING");
    expect(await next()).toEqual(new Set([ServingStatus.SERVING]));
    const ended = Promise.allSettled(watchers.map((watcher) => watcher.next()));
    for (const cancel of cancels) cancel.abort();
    await ended;
    expect(await echo.server.shutdown({ timeoutMs: 2000 })).toEqual({ forced: false, cutOff: [] });
  });
});

test("of many watchers, not all are told in one turn of the event loop", async () => {
  const state = new HealthState();
  let told = 0;
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const watchers = Array.from({ length: 40 }, async () => {
    await state.changed(signal);
    told++;
    // Each writes to its client, which takes a while.
    const until = performance.now() + 1;
    while (performance.now() < until);
  });
  state.set("a.Service", "SERVING");
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBeGreaterThan(0);
  expect(told).toBeLessThan(40);
  await Promise.all(watchers);
});
