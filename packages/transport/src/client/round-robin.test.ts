import { expect, test } from "@jest/globals";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { ConnectivityState } from "./connectivity-state.js";
import { RoundRobin } from "./round-robin.js";
import type { SocketAddress } from "./target.js";
import { startHttp2 } from "./test-helpers.js";

/** A balancer over what `resolve` says, and what it has told its channel: each state once in a row. */
function balance(resolve: () => Promise<readonly SocketAddress[]>, minIntervalMs = 0) {
  const states: ConnectivityState[] = [];
  let wake = (): void => {};
  const balancer: RoundRobin = new RoundRobin(
    resolve,
    minIntervalMs,
    {
      connect: {
        credentials: ChannelCredentials.createInsecure(),
        hostname: "localhost",
        timeoutMs: 5000,
        connection: defaultConnectionOptions,
        keepalive: { timeMs: Infinity, timeoutMs: 5000, withoutCalls: false },
      },
      initialBackoffMs: 10,
      maxBackoffMs: 10,
      maxConnections: 1,
    },
    {
      onChange() {
        if (states.at(-1) !== balancer.state) states.push(balancer.state);
        wake();
      },
      onRoom() {},
      onTooManyPings() {},
    },
  );
  return {
    balancer,
    states,
    async until(condition: () => boolean): Promise<void> {
      while (!condition()) {
        // oxlint-disable-next-line no-await-in-loop
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    [Symbol.dispose]: () => balancer.close(),
  };
}

const { READY, TRANSIENT_FAILURE, IDLE, CONNECTING } = ConnectivityState;
const at = ({ port }: { port: number }): SocketAddress => ({ host: "127.0.0.1", port });
const peers = (balancer: RoundRobin): string[] => balancer.connections.map(({ peer }) => peer).toSorted();

test("an address that fails has the name resolved again: new ones come in, those not named any more go", async () => {
  const first = await startHttp2(() => {});
  await using second = await startHttp2(() => {});
  await using third = await startHttp2(() => {});
  let addresses = [at(first), at(second)];
  using balanced = balance(async () => addresses);
  const { balancer } = balanced;
  balancer.connect();
  await balanced.until(() => balancer.connections.length === 2);
  const secondPeer = second.address;
  addresses = [at(first), at(third)];
  await first[Symbol.asyncDispose]();
  await balanced.until(() => balancer.connections.length === 1);
  expect(peers(balancer)).toEqual([secondPeer]);
  // The next turn of the one that was lost connects it again, which fails.
  while (balancer.pick() !== undefined && peers(balancer).includes(secondPeer)) {
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setImmediate(resolve));
  }
  await balanced.until(() => peers(balancer).includes(third.address));
  expect(peers(balancer)).toEqual([third.address]);
  expect(balancer.state).toBe(READY);
  // The connection that has no address any more is closed.
  while (second.sessions.size > 0) {
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("not more often than it may be", async () => {
  const gone = await startHttp2(() => {});
  await gone[Symbol.asyncDispose]();
  let resolutions = 0;
  using balanced = balance(async () => {
    resolutions++;
    return [at(gone)];
  }, 3_600_000);
  const { balancer } = balanced;
  balancer.connect();
  for (let failures = 0; failures < 3; failures++) {
    // oxlint-disable-next-line no-await-in-loop
    await balanced.until(() => balancer.state === TRANSIENT_FAILURE);
    // oxlint-disable-next-line no-await-in-loop
    await balanced.until(() => balancer.state === IDLE);
    balancer.connect();
  }
  expect(resolutions).toBe(1);
});

test("a name that cannot be resolved is tried again after the wait", async () => {
  await using peer = await startHttp2(() => {});
  let tries = 0;
  using balanced = balance(async () => {
    if (++tries === 1) throw new Error("no such name");
    return [at(peer)];
  });
  const { balancer, states } = balanced;
  balancer.connect();
  await balanced.until(() => balancer.state === TRANSIENT_FAILURE);
  expect(balancer.error).toBe("no such name");
  await balanced.until(() => balancer.state === IDLE);
  balancer.connect();
  await balanced.until(() => balancer.state === READY);
  expect(tries).toBe(2);
  expect(states).toEqual([TRANSIENT_FAILURE, IDLE, CONNECTING, READY]);
});
