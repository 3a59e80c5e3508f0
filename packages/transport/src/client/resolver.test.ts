import { expect, jest, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { channelStats, createChannel } from "./channel.js";
import type { ChannelOptions } from "./channel-options.js";
import { ConnectivityState } from "./connectivity-state.js";
import type { Resolution, Resolver, ResolverListener } from "./resolver.js";
import { echoClient } from "../testing/echo-client.js";
import { answer, startHttp2 } from "../testing/http2-peer.js";
import { deferred, failureOf } from "../testing/outcomes.js";
import { startRaw } from "../testing/socket-peer.js";

/** A registry that says what a test wants. */
class Registry implements Resolver {
  readonly asked: string[] = [];
  refreshed = 0;
  stopped = 0;
  #listener: ResolverListener | undefined;
  readonly #first: readonly string[] | Error | undefined;

  constructor(first?: readonly string[] | Error) {
    this.#first = first;
  }

  resolve(address: string, listener: ResolverListener): Resolution {
    this.asked.push(address);
    this.#listener = listener;
    if (this.#first !== undefined) this.say(this.#first);
    return { stop: () => this.stopped++ };
  }

  say(what: readonly string[] | Error): void {
    if (what instanceof Error) this.#listener!.onError(what);
    else this.#listener!.onAddresses(what);
  }
}

const named = (name: string) => startHttp2((stream) => answer(stream, name));
const ask = async (echo: ReturnType<typeof echoClient>) => (await echo.client.echoUnary({ text: "" })).text;
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a name of the user's own is resolved when it is first used, and moves with its addresses", async () => {
  await using first = await named("first");
  await using second = await named("second");
  const resolver = new Registry([first.address]);
  using echo = echoClient("consul:///users", { resolver });
  expect(resolver.asked).toEqual([]);
  expect(echo.channel.getTarget()).toBe("consul:///users");
  expect(await ask(echo)).toBe("first");
  expect(resolver.asked).toEqual(["consul:///users"]);
  resolver.say([second.address]);
  // Calls go on meanwhile.
  while ((await ask(echo)) !== "second");
  while (first.sessions.size > 0) await turn();
  echo.channel.close();
  expect(resolver.stopped).toBe(1);
});

test("round_robin follows the registry too", async () => {
  await using first = await named("first");
  await using second = await named("second");
  const resolver = new Registry([first.address]);
  using echo = echoClient("users", { resolver, balancing: "round_robin" });
  expect([await ask(echo), await ask(echo)]).toEqual(["first", "first"]);
  resolver.say([first.address, second.address]);
  while (channelStats(echo.channel).connections < 2) await turn();
  expect([await ask(echo), await ask(echo)].toSorted()).toEqual(["first", "second"]);
  resolver.say([second.address]);
  expect([await ask(echo), await ask(echo)]).toEqual(["second", "second"]);
});

test("what stands behind the scheme is the :authority", async () => {
  await using peer = await startHttp2((stream, headers) => answer(stream, headers[":authority"]!));
  const ofAddress = async (address: string, options: ChannelOptions = {}) => {
    using echo = echoClient(address, { resolver: new Registry([peer.address]), ...options });
    return await ask(echo);
  };
  expect(await ofAddress("consul:///users")).toBe("users");
  expect(await ofAddress("users:50051")).toBe("users:50051");
  expect(await ofAddress("consul:///users", { "grpc.default_authority": "other" })).toBe("other");
});

test.each<[string, readonly string[] | Error, string]>([
  ["an error", new Error("the registry is away"), "the registry is away"],
  ["no addresses", [], "the name has no addresses"],
  ["what is no address", ["127.0.0.1"], "Invalid address: '127.0.0.1': it has no port"],
  ["what is no text", [5] as unknown as string[], "Invalid address"],
])(
  "%s fails calls, and those that wait for ready go on when there are addresses",
  async (_what, said, details) => {
    await using peer = await named("b");
    const resolver = new Registry(said);
    using echo = echoClient("users", { resolver });
    const waiting = echo.client.echoUnary({ text: "" }, { waitForReady: true });
    const error = await failureOf(echo.client.echoUnary({ text: "" }));
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain(details);
    resolver.say([peer.address]);
    expect(await waiting).toEqual({ text: "b" });
  },
);

test("an error after addresses changes nothing", async () => {
  await using peer = await named("b");
  const resolver = new Registry([peer.address]);
  using echo = echoClient("users", { resolver });
  await ask(echo);
  resolver.say(new Error("the registry is away"));
  expect(await ask(echo)).toBe("b");
});

test("a resolver that throws is asked again after the wait, and a stop that throws is warned of", async () => {
  const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  await using peer = await named("b");
  let calls = 0;
  const resolver: Resolver = {
    resolve(_address, listener) {
      if (++calls === 1) throw new Error("not yet");
      listener.onAddresses([peer.address]);
      return {
        stop() {
          throw new Error("cannot stop");
        },
      };
    },
  };
  using echo = echoClient("users", { resolver, "grpc.initial_reconnect_backoff_ms": 10 });
  const waiting = echo.client.echoUnary({ text: "" }, { waitForReady: true });
  expect((await failureOf(echo.client.echoUnary({ text: "" }))).details).toContain("not yet");
  expect(await waiting).toEqual({ text: "b" });
  expect(calls).toBe(2);
  echo.channel.close();
  expect(warn.mock.calls).toEqual([
    ["a resolver's stop() has thrown: cannot stop", { code: "CALLWIRE_RESOLVER" }],
  ]);
  warn.mockRestore();
});

test("an address that does not answer asks the registry again", async () => {
  const gone = await named("a");
  await using peer = await named("b");
  const asked = deferred();
  const resolver: Resolver = {
    resolve(_address, listener) {
      listener.onAddresses([gone.address]);
      return {
        refresh() {
          asked.resolve();
          listener.onAddresses([peer.address]);
        },
        stop() {},
      };
    },
  };
  using echo = echoClient("users", { resolver, "grpc.initial_reconnect_backoff_ms": 10 });
  expect(await ask(echo)).toBe("a");
  await gone[Symbol.asyncDispose]();
  await asked.promise;
  expect((await echo.client.echoUnary({ text: "" }, { waitForReady: true })).text).toBe("b");
});

test("an address of a registry goes through the proxy of the option, and not of the environment", async () => {
  const before = process.env["grpc_proxy"];
  await using peer = await named("b");
  await using proxy = await startRaw((socket) =>
    socket.once("data", () => socket.end("HTTP/1.1 403 No\r\n\r\n")),
  );
  process.env["grpc_proxy"] = `http://${proxy.address}`;
  try {
    using echo = echoClient("users", { resolver: new Registry([peer.address]) });
    expect(await ask(echo)).toBe("b");
    using proxied = echoClient("users", {
      resolver: new Registry([peer.address]),
      proxy: `http://${proxy.address}`,
    });
    const { details } = await failureOf(proxied.client.echoUnary({ text: "" }));
    expect(details).toContain(`refuses to connect to ${peer.address} (403 No)`);
  } finally {
    if (before === undefined) delete process.env["grpc_proxy"];
    else process.env["grpc_proxy"] = before;
  }
});

test("what is no resolver is refused", () => {
  const resolver = {} as Resolver;
  expect(() => createChannel("users", undefined, { resolver })).toThrow(
    "it must be an object with the method resolve",
  );
  expect(() => createChannel("", undefined, { resolver: new Registry() })).toThrow("Invalid address");
});

test("a channel that waits for its registry is connecting", () => {
  using echo = echoClient("users", { resolver: new Registry() });
  expect(echo.channel.getConnectivityState(true)).toBe(ConnectivityState.IDLE);
  expect(echo.channel.getConnectivityState(false)).toBe(ConnectivityState.CONNECTING);
});
