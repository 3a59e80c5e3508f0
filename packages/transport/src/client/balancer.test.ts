import { describe, expect, test } from "@jest/globals";
import { defaultConnectionOptions } from "../http2/connection-options.js";
import { Balancer, type BalancingPolicy } from "./balancer.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { ConnectivityState } from "./connectivity-state.js";
import type { AddressListener } from "./name-watch.js";
import type { SocketAddress } from "./target.js";
import { startHttp2 } from "../testing/http2-peer.js";
import { startRaw } from "../testing/socket-peer.js";

const { READY, TRANSIENT_FAILURE, IDLE, CONNECTING, SHUTDOWN } = ConnectivityState;
const at = ({ port }: { port: number }): SocketAddress => ({ host: "127.0.0.1", port });
const until = async (condition: () => boolean): Promise<void> => {
  // oxlint-disable-next-line no-await-in-loop
  for (let turns = 0; !condition(); turns++)
    await new Promise((resolve) => setTimeout(resolve, turns === 0 ? 0 : 1));
};

/** A balancer over what a test says; what it was asked for; and what it has told its channel: each state once in a row. */
function balance(policy: BalancingPolicy, initial?: readonly SocketAddress[] | Error) {
  const states: ConnectivityState[] = [];
  const source = { begun: 0, refreshed: 0, stopped: 0, listener: undefined as AddressListener | undefined };
  const say = (what: readonly SocketAddress[] | Error | undefined): void => {
    if (what instanceof Error) source.listener!.onError(what);
    else if (what !== undefined) source.listener!.onAddresses(what);
  };
  const balancer: Balancer = new Balancer(
    (listener) => {
      source.begun++;
      source.listener = listener;
      say(initial);
      return {
        refresh: () => {
          source.refreshed++;
        },
        stop: () => {
          source.stopped++;
        },
      };
    },
    policy,
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
      },
      onRoom() {},
      onTooManyPings() {},
    },
  );
  return { balancer, states, source, say, [Symbol.dispose]: () => balancer.close() };
}

const peers = (balancer: Balancer): string[] => balancer.connections.map(({ peer }) => peer).toSorted();

describe("round_robin", () => {
  test("addresses that left are drained, new ones connected", async () => {
    await using first = await startHttp2(() => {});
    await using second = await startHttp2(() => {});
    await using third = await startHttp2(() => {});
    using balanced = balance("round_robin", [at(first), at(second)]);
    const { balancer } = balanced;
    balancer.connect();
    await until(() => balancer.connections.length === 2);
    const kept = balancer.connections.find(({ peer }) => peer === first.address);
    balanced.say([at(first), at(third), at(first)]);
    await until(() => balancer.connections.length === 2);
    expect(peers(balancer)).toEqual([first.address, third.address].toSorted());
    // It was not connected again.
    expect(balancer.connections).toContain(kept);
    await until(() => second.sessions.size === 0);
    expect(balancer.state).toBe(READY);
  });

  test("a server that goes away has the name resolved again, and those that left are left", async () => {
    await using first = await startHttp2(() => {});
    await using second = await startHttp2(() => {});
    using balanced = balance("round_robin", [at(first)]);
    const { balancer, source } = balanced;
    balancer.connect();
    await until(() => balancer.connections.length === 1);
    for (const session of first.sessions) session.goaway();
    await until(() => source.refreshed === 1);
    balanced.say([at(second)]);
    await until(() => peers(balancer)[0] === second.address);
    for (let turn = 0; turn < 3; turn++) expect(balancer.pick()?.peer).toBe(second.address);
  });

  test("an address that is lost has the name resolved again", async () => {
    const first = await startHttp2(() => {});
    await using second = await startHttp2(() => {});
    using balanced = balance("round_robin", [at(first), at(second)]);
    const { balancer, source } = balanced;
    balancer.connect();
    await until(() => balancer.connections.length === 2);
    expect(source.refreshed).toBe(0);
    await first[Symbol.asyncDispose]();
    await until(() => balancer.connections.length === 1);
    expect(source.refreshed).toBe(1);
    expect(peers(balancer)).toEqual([second.address]);
    // The next turn of the one that was lost connects it again, which fails.
    for (let turn = 0; turn < 2; turn++) expect(balancer.pick()?.peer).toBe(second.address);
    await until(() => source.refreshed === 2);
    expect(balancer.state).toBe(READY);
  });
});

describe("pick_first", () => {
  test("an address that left serves until there is another one, and is drained then", async () => {
    await using first = await startHttp2(() => {});
    await using silent = await startRaw(() => {});
    await using second = await startHttp2(() => {});
    using balanced = balance("pick_first", [at(first)]);
    const { balancer } = balanced;
    balancer.connect();
    await until(() => balancer.state === READY);
    balanced.say([at(silent)]);
    await until(() => silent.sockets.size === 1);
    expect(balancer.pick()?.peer).toBe(first.address);
    balanced.say([at(second)]);
    await until(() => peers(balancer)[0] === second.address);
    expect(balancer.pick()?.peer).toBe(second.address);
    await until(() => first.sessions.size === 0 && silent.sockets.size === 0);
    expect(balanced.states).toEqual([CONNECTING, READY]);
  });

  test("an address that stays keeps its connection, whatever its place", async () => {
    await using first = await startHttp2(() => {});
    await using second = await startHttp2(() => {});
    using balanced = balance("pick_first", [at(first)]);
    const { balancer } = balanced;
    balancer.connect();
    await until(() => balancer.state === READY);
    const [connection] = balancer.connections;
    balanced.say([at(second), at(first)]);
    expect(balancer.pick()).toBe(connection);
    balanced.say([at(first)]);
    expect(balancer.pick()).toBe(connection);
    expect(second.sessions.size).toBe(0);
  });

  test("new addresses do not wait as long as old ones that failed", async () => {
    const gone = await startHttp2(() => {});
    await gone[Symbol.asyncDispose]();
    await using second = await startHttp2(() => {});
    using balanced = balance("pick_first", [at(gone)]);
    const { balancer, source } = balanced;
    balancer.connect();
    await until(() => balancer.state === TRANSIENT_FAILURE);
    expect(source.refreshed).toBe(1);
    expect(balancer.error).toContain("ECONNREFUSED");
    balanced.say([at(second)]);
    await until(() => balancer.state === IDLE);
    balancer.connect();
    await until(() => balancer.state === READY);
  });

  test("shuffled, every address has its chance", async () => {
    await using first = await startHttp2(() => {});
    await using second = await startHttp2(() => {});
    const seen = new Set<string>();
    while (seen.size < 2) {
      using balanced = balance("pick_first_shuffled", [at(first), at(second)]);
      balanced.balancer.connect();
      // oxlint-disable-next-line no-await-in-loop
      await until(() => balanced.balancer.state === READY);
      seen.add(balanced.balancer.pick()!.peer);
    }
    expect(seen).toEqual(new Set([first.address, second.address]));
  });
});

describe.each<BalancingPolicy>(["pick_first", "round_robin"])("a name, with %s", (policy) => {
  test("that cannot be resolved is tried again after the wait, when it is wanted", async () => {
    await using peer = await startHttp2(() => {});
    using balanced = balance(policy, new Error("no such name"));
    const { balancer, states, source } = balanced;
    expect(balancer.state).toBe(IDLE);
    expect(source.begun).toBe(0);
    balancer.connect();
    expect(balancer.state).toBe(TRANSIENT_FAILURE);
    expect(balancer.error).toBe("no such name");
    balancer.connect();
    expect(source.refreshed).toBe(0);
    await until(() => balancer.state === IDLE);
    balancer.connect();
    expect([source.begun, source.refreshed, balancer.state]).toEqual([1, 1, CONNECTING]);
    balanced.say([at(peer)]);
    await until(() => balancer.state === READY);
    expect(states).toEqual([CONNECTING, TRANSIENT_FAILURE, IDLE, CONNECTING, READY]);
  });

  test("an error leaves the addresses known before", async () => {
    await using peer = await startHttp2(() => {});
    using balanced = balance(policy, [at(peer)]);
    const { balancer } = balanced;
    balancer.connect();
    await until(() => balancer.state === READY);
    balanced.say(new Error("the registry is away"));
    expect(balancer.state).toBe(READY);
    expect(balancer.pick()?.peer).toBe(peer.address);
  });

  test("without addresses drains all, and fails until there are some", async () => {
    await using peer = await startHttp2(() => {});
    using balanced = balance(policy, [at(peer)]);
    const { balancer } = balanced;
    balancer.connect();
    await until(() => balancer.state === READY);
    balanced.say([]);
    expect(balancer.state).toBe(TRANSIENT_FAILURE);
    expect(balancer.error).toBe("the name has no addresses");
    expect(balancer.pick()).toBeUndefined();
    await until(() => peer.sessions.size === 0);
    balanced.say(new Error("the registry is away"));
    expect(balancer.pick()).toBeUndefined();
    balanced.say([at(peer)]);
    await until(() => balancer.state === READY);
  });

  test("is watched while it is used, and again after it was idle", async () => {
    await using peer = await startHttp2(() => {});
    using balanced = balance(policy, [at(peer)]);
    const { balancer, source } = balanced;
    balancer.connect();
    await until(() => balancer.state === READY);
    balancer.closeIdle(0);
    expect([balancer.state, source.stopped]).toEqual([READY, 0]);
    const { listener: stale } = source;
    balancer.closeIdle(Date.now() + 1);
    expect([balancer.state, source.stopped]).toEqual([IDLE, 1]);
    stale!.onAddresses([at(peer)]);
    expect(balancer.state).toBe(IDLE);
    await until(() => peer.sessions.size === 0);
    balancer.connect();
    await until(() => balancer.state === READY);
    expect(source.begun).toBe(2);
    balancer.close();
    expect([balancer.state, source.stopped]).toEqual([SHUTDOWN, 2]);
    balanced.say([at(peer)]);
    expect(balancer.state).toBe(SHUTDOWN);
  });
});
