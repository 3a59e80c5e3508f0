import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import { FRAME_GOAWAY } from "../http2/constants.js";
import { ConnectivityState } from "./connectivity-state.js";
import { echoClient } from "../testing/echo-client.js";
import { failureOf } from "../testing/outcomes.js";
import { okTrailers, responseHeaders, takeRequest } from "../testing/raw-server-peer.js";
import { RawPeer, settings, uint32 } from "../testing/raw-peer.js";
import { dataFrames, echoMessage } from "../testing/raw-calls.js";

/** A server that ends each connection by GOAWAY, at once or when a call comes, until it takes calls. */
async function startGoingAway(when: "at once" | "with a call" | "after a 103", code = 0, debugData = "") {
  const sockets = new Set<Socket>();
  const state = { connections: 0, takesCalls: false };
  const server = createServer((socket) => {
    state.connections++;
    sockets.add(socket);
    const peer = RawPeer.accept(socket);
    const goAway = () =>
      peer.send(frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(0, code), Buffer.from(debugData)])));
    peer.send(settings());
    if (when === "at once" && !state.takesCalls) goAway();
    takeRequest(peer)
      .then((id) => {
        if (!state.takesCalls && when === "after a 103") peer.send(peer.headers(id, { ":status": "103" }));
        if (!state.takesCalls) goAway();
        else peer.send(responseHeaders(peer, id), dataFrames(id, echoMessage("ok")), okTrailers(peer, id));
      })
      .catch(() => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    state,
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

test.each(["at once", "with a call", "after a 103"] as const)(
  "a server that says GOAWAY to everybody, %s, is not asked all the time; calls fail, and go on when it takes them",
  async (when) => {
    await using server = await startGoingAway(when);
    const backoffMs = 300;
    using echo = echoClient(server.address, {
      "grpc.initial_reconnect_backoff_ms": backoffMs,
      "grpc.max_reconnect_backoff_ms": backoffMs,
    });
    const began = performance.now();
    for (let calls = 0; calls < 50; calls++) {
      // oxlint-disable-next-line no-await-in-loop
      const failure = await failureOf(echo.client.echoUnary({ text: "a" }));
      expect(failure).toMatchObject({ code: Status.UNAVAILABLE, origin: "connection" });
    }
    // Two at once, and one after each wait, of which there are some on a slow machine.
    const waits = Math.floor((performance.now() - began) / (0.8 * backoffMs));
    expect(server.state.connections).toBeLessThanOrEqual(2 + waits);
    server.state.takesCalls = true;
    expect(await echo.client.echoUnary({ text: "a" }, { waitForReady: true })).toEqual({ text: "ok" });
  },
);

test("calls that wait for a connection do not have one made all the time", async () => {
  await using server = await startGoingAway("at once");
  using echo = echoClient(server.address, { "grpc.initial_reconnect_backoff_ms": 60_000 });
  const leave = new AbortController();
  const left = failureOf(
    echo.client.echoUnary({ text: "a" }, { waitForReady: true, timeoutMs: Infinity, signal: leave.signal }),
  );
  while (echo.channel.getConnectivityState(false) !== ConnectivityState.TRANSIENT_FAILURE)
    // oxlint-disable-next-line no-await-in-loop
    await new Promise(setImmediate);
  const failure = await failureOf(
    echo.client.echoUnary({ text: "a" }, { waitForReady: true, timeoutMs: 100 }),
  );
  expect(failure.code).toBe(Status.DEADLINE_EXCEEDED);
  leave.abort();
  expect((await left).name).toBe("AbortError");
  expect(server.state.connections).toBe(2);
});

test.each([
  ["NO_ERROR", 0, "", "the server sent GOAWAY with NO_ERROR"],
  ["NO_ERROR: max_age", 0, "max_age", "the server sent GOAWAY with NO_ERROR: max_age"],
  [
    "ENHANCE_YOUR_CALM: …",
    11,
    "slow\n\x1b[31mdown",
    "the server sent GOAWAY with ENHANCE_YOUR_CALM: slow [31mdown",
  ],
  ["0xff", 255, "", "the server sent GOAWAY with 0xff"],
])("a call that is refused after GOAWAY says what came: %s", async (_, code, debugData, expected) => {
  await using server = await startGoingAway("at once", code, debugData);
  using echo = echoClient(server.address, { "grpc.initial_reconnect_backoff_ms": 60_000 });
  const failures: string[] = [];
  for (let calls = 0; calls < 10; calls++) {
    // oxlint-disable-next-line no-await-in-loop
    const failure = await failureOf(echo.client.echoUnary({ text: "a" }));
    failures.push(failure.details);
    // The connection that goes ends behind the call.
    // oxlint-disable-next-line no-await-in-loop
    await new Promise(setImmediate);
  }
  expect(failures.at(-1)).toBe(`No connection established. Last error: ${expected}`);
  for (const details of failures) expect(details).toContain(expected);
});
