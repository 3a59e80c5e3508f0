import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { deferred, failureOf } from "../testing/outcomes.js";
import { startRawServer } from "../testing/raw-calls.js";
import { echoClient } from "../testing/echo-client.js";

afterEach(() => {
  jest.restoreAllMocks();
});

/** Sets the wall clock, as an administrator or a time server does. */
function setClock(stepMs: number): void {
  const now = Date.now();
  const began = performance.now();
  jest.spyOn(Date, "now").mockImplementation(() => now + stepMs + performance.now() - began);
}

describe.each([-2000, 61_000, -86_400_000])("when the clock is set by %d ms", (stepMs) => {
  test("calls keep their deadlines, and connections their limits", async () => {
    const goOn = deferred();
    let left = 0;
    await using served = await startRawServer(
      { limits: { maxConnectionAgeMs: 30_000, maxConnectionIdleMs: 30_000, keepaliveTimeMs: 30_000 } },
      {
        async echoUnary({ text }, context) {
          if (text !== "wait") return { text };
          await goOn.promise;
          left = (context as unknown as { deadline: Date }).deadline.getTime() - Date.now();
          return { text };
        },
      },
    );
    using echo = echoClient(`127.0.0.1:${served.port}`);
    const waiting = echo.client.echoUnary({ text: "wait" }, { timeoutMs: 20_000 });
    const dated = echo.client.echoUnary({ text: "wait" }, { deadline: new Date(Date.now() + 20_000) });
    await echo.client.echoUnary({ text: "first" });
    setClock(stepMs);
    // In numbers: buckets of rates are filled by the time that has passed.
    for (let i = 0; i < 200; i++) {
      const controller = new AbortController();
      const cancelled = failureOf(echo.client.echoUnary({ text: "wait" }, { signal: controller.signal }));
      controller.abort();
      expect((await cancelled).name).toBe("AbortError");
    }
    goOn.resolve();
    expect([await waiting, await dated]).toEqual([{ text: "wait" }, { text: "wait" }]);
    expect(left).toBeGreaterThan(10_000);
    expect(left).toBeLessThanOrEqual(20_100);
    expect(served.server.stats.connectionsOpened).toBe(1);
  });
  test("a wait for a channel's state lasts as long as it was to", async () => {
    using echo = echoClient("127.0.0.1:1");
    const began = performance.now();
    const passed = new Promise((resolve) => {
      echo.channel.watchConnectivityState(0, Date.now() + 100, resolve);
    });
    setClock(stepMs);
    expect(String(await passed)).toContain("Deadline passed");
    const waited = performance.now() - began;
    expect(waited).toBeGreaterThan(50);
    expect(waited).toBeLessThan(10_000);
  });
  test("a deadline that passes is one", async () => {
    await using served = await startRawServer({}, { echoUnary: () => new Promise(() => {}) });
    using echo = echoClient(`127.0.0.1:${served.port}`);
    const late = failureOf(echo.client.echoUnary({ text: "a" }, { timeoutMs: 200 }));
    setClock(stepMs);
    expect((await late).code).toBe(Status.DEADLINE_EXCEEDED);
  });
});
