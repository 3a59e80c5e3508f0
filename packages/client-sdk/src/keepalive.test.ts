import { once } from "node:events";
import { connect } from "node:http2";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer, defaultServerLimits } from "@callwire/transport";
import { afterEach, expect, jest, test } from "@jest/globals";
import { defaultChannelOptions } from "./internal/channel-options.js";

const keepaliveMs = defaultChannelOptions["grpc.keepalive_time_ms"]!;

afterEach(() => void jest.restoreAllMocks());

/** Pings a server of default limits on a quiet connection, `intervalMs` apart by a faked clock, until it says GOAWAY. */
async function pings(
  intervalMs: number,
  most: number,
): Promise<{ sent: number; goAway: string | undefined }> {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const session = connect(`http://127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  session.on("error", () => {}).setMaxListeners(0);
  await once(session, "remoteSettings");
  const goAways: string[] = [];
  session.on("goaway", (_code, _id, data) => void goAways.push(Buffer.from(data).toString()));
  const now = performance.now.bind(performance);
  let offsetMs = 0;
  jest.spyOn(performance, "now").mockImplementation(() => now() + offsetMs);
  let sent = 0;
  while (goAways.length === 0 && sent < most) {
    offsetMs += intervalMs;
    sent++;
    await new Promise<void>((resolve) => {
      session.once("close", resolve);
      if (session.closed || !session.ping(() => resolve())) resolve();
    });
  }
  session.destroy();
  server.forceShutdown();
  return { sent, goAway: goAways[0] };
}

test("a quiet stream over the defaults never ends with too_many_pings", async () => {
  expect(await pings(keepaliveMs, 20)).toEqual({ sent: 20, goAway: undefined });
});

test("a client that pings each minute is ended, as every server of gRPC does it", async () => {
  expect(await pings(60_000, 20)).toMatchObject({ goAway: "too_many_pings" });
});

test("the default fits what servers allow, and what balancers bear", () => {
  expect(defaultServerLimits.minPingIntervalMs).toBe(300_000);
  expect(keepaliveMs).toBeGreaterThan(300_000);
  expect(keepaliveMs).toBeLessThan(350_000);
});
