import { describe, expect, jest, test } from "@jest/globals";
import { testCertificates } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { cancellationCode, monotonicMs } from "./internal/abort.js";
import { niceGrpc } from "./nice-grpc.js";
import { startEcho } from "./test-room/echo-server.js";
import { runtimes } from "./test-room/runtimes.js";

const LONG = [2 ** 31, 60 * 86_400_000, Infinity];

describe.each(runtimes)("over %s", (_name, runtime) => {
  test.each(LONG)("a stop within %d ms waits for a running call", async (timeoutMs) => {
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let goOn = (): void => {};
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using echo = await startEcho(
      { runtime, middleware: [] },
      {
        async echoUnary({ text }) {
          begin();
          await released;
          return { text };
        },
      },
    );
    const call = echo.client.echoUnary({ text: "a" });
    await begun;
    const stopped = echo.server.shutdown({ timeoutMs });
    await new Promise((resolve) => {
      setTimeout(resolve, 30);
    });
    goOn();
    expect(await call).toEqual({ text: "a" });
    expect(await stopped).toEqual({ forced: false, cutOff: [] });
  });

  test.each(LONG)("limits of %d ms cut nothing off", async (ms) => {
    const limits = {
      keepaliveTimeMs: ms,
      keepaliveTimeoutMs: ms,
      maxConnectionIdleMs: ms,
      maxConnectionAgeMs: ms,
      maxConnectionAgeGraceMs: ms,
    };
    const timers = jest.spyOn(globalThis, "setTimeout");
    await using echo = await startEcho({ runtime, limits, middleware: [] });
    expect(await echo.client.echoUnary({ text: "a" })).toMatchObject({ text: "a" });
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect(await echo.client.echoUnary({ text: "b" })).toMatchObject({ text: "b" });
    expect(timers.mock.calls.filter(([, wait]) => Number(wait) > 2 ** 31 - 1)).toEqual([]);
    timers.mockRestore();
  });
});

test("a deadline keeps its distance when the wall clock is set", () => {
  const now = Date.now();
  const deadlineMs = monotonicMs(new Date(now + 30_000));
  const clock = jest.spyOn(Date, "now").mockReturnValue(now + 61_000);
  expect(cancellationCode(deadlineMs)).toBe(Status.CANCELLED);
  clock.mockRestore();
  expect(cancellationCode(monotonicMs(undefined))).toBe(Status.CANCELLED);
  expect(cancellationCode(monotonicMs(Infinity))).toBe(Status.CANCELLED);
  const past = monotonicMs(now - 1);
  const back = jest.spyOn(Date, "now").mockReturnValue(now - 2000);
  expect(cancellationCode(past)).toBe(Status.DEADLINE_EXCEEDED);
  back.mockRestore();
});

test("servers of nice-grpc wait no two minutes for a TLS handshake", async () => {
  const { server } = await testCertificates();
  const credentials = niceGrpc.createCredentials(server) as {
    _getConstructorOptions(): { handshakeTimeout?: number };
  };
  expect(credentials._getConstructorOptions().handshakeTimeout).toBe(10_000);
});
