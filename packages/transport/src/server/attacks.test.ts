import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import {
  attackInThread,
  hostileServerInThread,
  hostileServers,
  serverAttacks,
} from "@callwire/testkit/attacks";
import { createChannel } from "../client/channel.js";
import { createClient } from "../client/create-client.js";
import { serverBytes } from "../http2/buffered-bytes.js";
import { createServer } from "./create-server.js";
import { defaultServerLimits } from "./server-options.js";

// Each attack goes on for a while from a thread of its own, beside a caller that behaves. The times are generous: without the
// limits a call waited for seconds, or memory was gone.

const CALLS = 20;
const PAUSE_MS = 4;
/**
 * The time that a call of the caller that behaves may take, in milliseconds: the 90th percentile, and the longest. It is that of this
 * process, as other programs may have the processor meanwhile.
 */
const MOST_LATE_MS = { nearlyAll: 400, longest: 4000 };
/** Beyond what may be kept: a read of each socket that was not counted yet. */
const SLACK_BYTES = 16 * 1024 * 1024;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** The time that the process has had of the processor since then, in milliseconds. */
function usedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Makes calls one after the other, and returns how long each has taken, or how much the process has worked if that is less. */
async function callsOf(client: {
  echoUnary(request: { text: string }): Promise<unknown>;
}): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < CALLS; index++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    expect(await client.echoUnary({ text: "good" })).toEqual({ text: "good" });
    times.push(Math.min(performance.now() - began, usedMs(used)));
    await pause();
  }
  return times.toSorted((a, b) => a - b);
}

function expectInTime(times: number[]): void {
  expect(times[Math.floor(times.length * 0.9)]).toBeLessThan(MOST_LATE_MS.nearlyAll);
  expect(times.at(-1)).toBeLessThan(MOST_LATE_MS.longest);
}

describe("a server serves others, and keeps no more than its limits, under", () => {
  test.each(serverAttacks.map(({ name }) => name))(
    "%s",
    async (name) => {
      const server = createServer();
      server.add(EchoServiceDefinition, echoService());
      const port = await server.listen("127.0.0.1:0");
      const channel = createChannel(`127.0.0.1:${port}`);
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, serverBytes.total)), 5);
      try {
        await using _ = attackInThread(name, port);
        expectInTime(await callsOf(createClient(EchoServiceDefinition, channel)));
      } finally {
        clearInterval(watch);
        channel.close();
        await server.drain(0);
      }
      expect(most).toBeLessThan(defaultServerLimits.maxBufferedBytes + SLACK_BYTES);
      // All is given back.
      expect(serverBytes).toMatchObject({ total: 0, connections: 0 });
    },
    60_000,
  );
});

describe("a client's calls to others are in time, and its calls end, with a server of", () => {
  test.each(hostileServers.map(({ name }) => name))(
    "%s",
    async (name) => {
      const server = createServer();
      server.add(EchoServiceDefinition, echoService());
      const port = await server.listen("127.0.0.1:0");
      const good = createChannel(`127.0.0.1:${port}`);
      await using hostile = await hostileServerInThread(name);
      const bad = createChannel(`127.0.0.1:${hostile.port}`);
      const victim = createClient(EchoServiceDefinition, bad);
      const options = { timeoutMs: 1500 };
      const ends = Array.from({ length: 500 }, async (_, index) => {
        try {
          if (index % 2 === 0) await victim.echoUnary({ text: "x".repeat(1000) }, options);
          else for await (const _message of victim.echoServerStream({ text: "x" }, options)) await pause();
        } catch {
          // As it may be.
        }
      });
      try {
        expectInTime(await callsOf(createClient(EchoServiceDefinition, good)));
        await Promise.all(ends);
      } finally {
        good.close();
        bad.close();
        server.forceShutdown();
      }
    },
    60_000,
  );
});
