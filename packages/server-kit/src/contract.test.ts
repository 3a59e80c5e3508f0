import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import {
  createChannel,
  createClient,
  Metadata,
  ServerError,
  Status,
  type ServerRuntime,
} from "@callwire/transport";
import { describe, expect, test } from "@jest/globals";
import { createServer } from "./create-server.js";
import type { Middleware } from "./middleware.js";
import { runtimes } from "./test-room/runtimes.js";

const contract = "1.4.0+08a35c68";
const header = "callwire-contract";

/** Refuses every call at its arrival. */
const refusing: Middleware = {
  name: "refusing",
  arrived() {
    throw new ServerError(Status.UNAUTHENTICATED, "no");
  },
};

/** Serves the echo service, with a contract, and says what each call's response names. */
async function serve(runtime: ServerRuntime, middleware: readonly Middleware[] = [], named = contract) {
  const server = createServer({ runtime, middleware });
  server.add({ ...EchoServiceDefinition, contract: named }, echoService());
  const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  return {
    client: createClient(EchoServiceDefinition, channel),
    health: createClient(HealthDefinition, channel),
    channel,
    async [Symbol.asyncDispose]() {
      channel.close();
      server.forceShutdown();
    },
  };
}

/** The metadata of a call's header and trailers, in their order. */
async function metadataOf(call: (options: object) => Promise<unknown>) {
  const seen: { header?: string[]; trailer?: string[] } = {};
  const all = (metadata: Metadata) => metadata.getAll(header);
  await call({
    onHeader: (metadata: Metadata) => (seen.header = all(metadata)),
    onTrailer: (metadata: Metadata) => (seen.trailer = all(metadata)),
  }).catch(() => {});
  return seen;
}

describe.each(runtimes)("over %s", (name, runtime) => {
  test("each response names the contract of its service, once", async () => {
    await using echo = await serve(runtime);
    const { client } = echo;
    for (let time = 0; time < 3; time++) {
      const seen = await metadataOf((options) => client.echoUnary({ text: "a" }, options));
      expect(seen).toEqual({ header: [contract], trailer: [] });
    }
    const streamed = await metadataOf(async (options) => {
      for await (const _ of client.echoServerStream({ text: "a", count: 1 }, options));
    });
    expect(streamed).toEqual({ header: [contract], trailer: [] });
  });

  test("a response without a header names it in its trailers", async () => {
    await using echo = await serve(runtime);
    const fault = { code: Status.NOT_FOUND, message: "no" };
    const failed = await metadataOf((options) => echo.client.echoUnary({ fault }, options));
    expect(failed).toEqual({ trailer: [contract] });
    await using refused = await serve(runtime, [refusing]);
    expect(await metadataOf((options) => refused.client.echoUnary({}, options))).toEqual({
      trailer: [contract],
    });
  });

  test("what an application sets by that name is not sent", async () => {
    const meddling: Middleware = {
      name: "meddling",
      arrived: (call) => void call.header.set(header, "9.9.9"),
    };
    await using echo = await serve(runtime, [meddling]);
    const seen = await metadataOf((options) => echo.client.echoUnary({ text: "a" }, options));
    expect(seen.header).toEqual([contract]);
  });

  test("standard services name none, nor does a contract that cannot be sent", async () => {
    await using echo = await serve(runtime, [], "1.4.0\n");
    expect((await metadataOf((options) => echo.health.check({}, options))).header).toEqual([]);
    expect((await metadataOf((options) => echo.client.echoUnary({}, options))).header).toEqual([]);
  });

  // grpc-js answers by itself.
  if (name === "nice-grpc") return;
  test("a method that the service does not have is answered with it", async () => {
    await using echo = await serve(runtime);
    const { methods } = EchoServiceDefinition;
    const newer = { ...EchoServiceDefinition, methods: { added: { ...methods.echoUnary, name: "Added" } } };
    const { added } = createClient(newer, echo.channel);
    expect(await metadataOf((options) => added({}, options))).toEqual({ trailer: [contract] });
  });
});
